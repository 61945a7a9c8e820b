"""Everything that can go wrong, as one tree.

Each message says what failed, which value it was, and what to do. The command line prints
the message as one line and exits with `exit_code`; a refusal at the door is a `Decision`,
never one of these.

    OstiaryError
    ├── SettingsError              a key, a type or a file of the configuration
    ├── ModelError
    │   ├── ModelMissing           the file or its manifest is not there
    │   ├── ModelDigestMismatch    the file is not the one the manifest describes
    │   ├── ModelMismatch          shape, type or task differ from the manifest
    │   ├── ManifestInvalid        the manifest cannot be read
    │   └── EngineUnavailable      neither LiteRT nor tflite-runtime can run here
    ├── CameraError
    │   ├── CameraNotFound         nothing to open under that name
    │   ├── CameraLost             it was open and is gone
    │   ├── CameraStalled          it is open and gives no frames
    │   └── EndOfReplay            a replay has no further frame
    ├── PictureError
    │   ├── PictureUnreadable      not a picture, or a damaged one
    │   ├── PictureTooLarge        more bytes or pixels than allowed
    │   ├── NoFace                 nobody in it
    │   ├── SeveralFaces           more people in it than asked for
    │   └── PoorQuality            a face, but not one to enrol
    ├── StoreError
    │   ├── StoreUnwritable        folder or file cannot be written
    │   ├── StoreFull              no space left
    │   ├── StoreLocked            another process holds it
    │   ├── StoreCorrupt           not a database, or a damaged one
    │   ├── StoreTooNew            written by a later version
    │   └── AlreadyCommitted       the decision or the command is in the journal already
    ├── GalleryError
    │   ├── PersonIdIllegal
    │   ├── PersonNotFound
    │   ├── PersonExists
    │   ├── GroupIdIllegal
    │   ├── GroupNotFound
    │   ├── GroupExists
    │   └── TooManyFaces           the person has all the faces allowed
    ├── DoorError
    │   ├── BoardInvalid           a board profile that cannot be used
    │   └── PinUnavailable         a GPIO line that cannot be had
    ├── BusError
    │   ├── BrokerUnavailable      not reachable, or it refused us
    │   └── MessageMalformed       bytes that are not one of our messages
    └── WorkerDied                 a thread ended that must not end
"""


class OstiaryError(Exception):
    """Base of all errors that are ours; `exit_code` is what a command ends with."""

    exit_code = 1


class SettingsError(OstiaryError):
    exit_code = 2


class ModelError(OstiaryError):
    exit_code = 3


class ModelMissing(ModelError):
    pass


class ModelDigestMismatch(ModelError):
    pass


class ModelMismatch(ModelError):
    pass


class ManifestInvalid(ModelError):
    pass


class EngineUnavailable(ModelError):
    pass


class CameraError(OstiaryError):
    exit_code = 4


class CameraNotFound(CameraError):
    pass


class CameraLost(CameraError):
    pass


class CameraStalled(CameraError):
    pass


class EndOfReplay(CameraError):
    pass


class PictureError(OstiaryError):
    exit_code = 5


class PictureUnreadable(PictureError):
    pass


class PictureTooLarge(PictureError):
    pass


class NoFace(PictureError):
    pass


class SeveralFaces(PictureError):
    pass


class PoorQuality(PictureError):
    pass


class StoreError(OstiaryError):
    exit_code = 6


class StoreUnwritable(StoreError):
    pass


class StoreFull(StoreError):
    pass


class StoreLocked(StoreError):
    pass


class StoreCorrupt(StoreError):
    pass


class StoreTooNew(StoreError):
    pass


class AlreadyCommitted(StoreError):
    pass


class GalleryError(OstiaryError):
    exit_code = 7


class PersonIdIllegal(GalleryError):
    pass


class PersonNotFound(GalleryError):
    pass


class PersonExists(GalleryError):
    pass


class GroupIdIllegal(GalleryError):
    pass


class GroupNotFound(GalleryError):
    pass


class GroupExists(GalleryError):
    pass


class TooManyFaces(GalleryError):
    pass


class DoorError(OstiaryError):
    exit_code = 8


class BoardInvalid(DoorError):
    pass


class PinUnavailable(DoorError):
    pass


class BusError(OstiaryError):
    exit_code = 9


class BrokerUnavailable(BusError):
    pass


class MessageMalformed(BusError):
    pass


class WorkerDied(OstiaryError):
    exit_code = 10
