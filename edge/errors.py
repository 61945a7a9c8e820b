"""Everything that can go wrong, as one tree.

Each message says what failed, which value it was, and what to do. The command line prints
the message as one line and exits with `exit_code`; a refusal at the door is a `Decision`,
never one of these. `code` and `number` are what comparable services call the same thing, in
the third and the first version of their protocol; `service/CODES.md` lists them. A class that
names none has those of the class above it.

    OstiaryError
    ├── SettingsError              a key, a type or a file of the configuration
    │   └── KeyringInvalid         a list of keys that cannot be used, or must not replace the one in force
    ├── ModelError
    │   ├── ModelMissing           the file or its manifest is not there
    │   ├── ModelDigestMismatch    the file is not the one the manifest describes
    │   ├── ModelMismatch          shape, type or task differ from the manifest; templates of two models
    │   ├── ManifestInvalid        the manifest cannot be read
    │   ├── EngineUnavailable      neither LiteRT nor tflite-runtime can run here
    │   ├── ContourFailed          the keypoints cannot be computed
    │   ├── GenderFailed           an attribute cannot be computed: its network is absent, or gave no number
    │   ├── ExpressionFailed
    │   ├── AgeFailed
    │   ├── PoseFailed
    │   └── GlassesFailed
    ├── CameraError
    │   ├── CameraNotFound         nothing to open under that name
    │   ├── CameraLost             it was open and is gone
    │   ├── CameraStalled          it is open and gives no frames
    │   └── EndOfReplay            a replay has no further frame
    ├── PictureError
    │   ├── PictureUnreadable      a damaged picture, or a file that cannot be read
    │   │   └── PictureIllegal     not a picture, or of a kind that is not taken
    │   ├── PictureEmpty           no bytes
    │   ├── PictureTooHeavy        more bytes than allowed
    │   ├── PictureTooLarge        more pixels than allowed
    │   ├── PictureTooSmall        a shorter side than allowed
    │   ├── NoFace                 nobody in it
    │   ├── FaceUnlocated          the networks disagree whether what was found is a face
    │   ├── FaceTooSmall           a face, but smaller than asked for
    │   ├── SeveralFaces           more people in it than asked for
    │   └── PoorQuality            a face, but not as good as asked for
    ├── StoreError
    │   ├── StoreUnwritable        folder or file cannot be written
    │   ├── StoreFull              no space left
    │   ├── StoreLocked            another process holds it
    │   ├── StoreCorrupt           not a database, or a damaged one
    │   ├── StoreTooNew            written by a later version
    │   ├── DatabaseGone           the hub's database server does not answer
    │   └── AlreadyCommitted       the decision or the command is in the journal already
    ├── RequestRefused             a request that cannot be done as it is; see `refusals`
    ├── DoorError
    │   ├── BoardInvalid           a board profile that cannot be used
    │   └── PinUnavailable         a GPIO line that cannot be had
    ├── BusError
    │   ├── BrokerUnavailable      not reachable, or it refused us
    │   ├── MessageMalformed       bytes that are not one of our messages
    │   ├── SealBroken             what was encrypted does not open with this key
    │   └── RootMismatch           rows of a gallery are not those that its root stands for
    ├── KeyUnusable                a key, a certificate or a bundle of them: damaged, or of another passphrase
    ├── DownloadBroken             a server or the way to it fails; the rest may be had later
    ├── JobFailed                  a model or a software from afar that cannot be taken over
    └── WorkerDied                 a thread ended that must not end
"""

from __future__ import annotations

from typing import ClassVar


class OstiaryError(Exception):
    """Base of all errors that are ours; `exit_code` is what a command ends with."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "FailedOperation.UnKnowError"
    number: ClassVar[int | None] = 213


class SettingsError(OstiaryError):
    exit_code = 2


class KeyringInvalid(SettingsError):
    pass


class ModelError(OstiaryError):
    exit_code = 3
    code, number = "FailedOperation.ServerError", -1103


class ModelMissing(ModelError):
    pass


class ModelDigestMismatch(ModelError):
    pass


class ModelMismatch(ModelError):
    code, number = "InvalidParameterValue.FaceModelVersionIllegal", 21


class ManifestInvalid(ModelError):
    pass


class EngineUnavailable(ModelError):
    pass


class ContourFailed(ModelError):
    number = -1104


class GenderFailed(ModelError):
    number = -1105


class ExpressionFailed(ModelError):
    number = -1106


class AgeFailed(ModelError):
    number = -1107


class PoseFailed(ModelError):
    number = -1108


class GlassesFailed(ModelError):
    number = -1109


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
    code, number = "FailedOperation.ImageDecodeFailed", -1102


class PictureIllegal(PictureUnreadable):
    number = -1400


class PictureEmpty(PictureError):
    code, number = "InvalidParameterValue.ImageEmpty", -1300


class PictureTooHeavy(PictureError):
    code, number = "FailedOperation.ImageSizeExceed", 23


class PictureTooLarge(PictureError):
    code, number = "FailedOperation.ImageResolutionExceed", None


class PictureTooSmall(PictureError):
    code, number = "FailedOperation.ImageResolutionTooSmall", None


class NoFace(PictureError):
    code, number = "InvalidParameterValue.NoFaceInPhoto", -1101


class FaceUnlocated(PictureError):
    code, number = "FailedOperation.ImageFacedetectFailed", -1101


class FaceTooSmall(PictureError):
    code, number = "FailedOperation.FaceSizeTooSmall", None


class SeveralFaces(PictureError):
    code, number = "LimitExceeded.ErrorFaceNumExceed", -1309


class PoorQuality(PictureError):
    code, number = "FailedOperation.FaceQualityNotQualified", None


class StoreError(OstiaryError):
    exit_code = 6
    number = -1200


class StoreUnwritable(StoreError):
    pass


class StoreFull(StoreError):
    pass


class StoreLocked(StoreError):
    code = "FailedOperation.RequestTimeout"


class StoreCorrupt(StoreError):
    pass


class StoreTooNew(StoreError):
    pass


class DatabaseGone(StoreError):
    pass


class AlreadyCommitted(StoreError):
    pass


class RequestRefused(OstiaryError):
    exit_code = 7
    code = "InvalidParameter.InvalidParameter"
    number: ClassVar[int | None] = 21


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


class SealBroken(BusError):
    pass


class RootMismatch(BusError):
    pass


class KeyUnusable(OstiaryError):
    exit_code = 11


class WorkerDied(OstiaryError):
    exit_code = 10
    code = "InternalError"


class DownloadBroken(OstiaryError):
    exit_code = 12


class JobFailed(OstiaryError):
    """reason: the stable word that the site is told."""

    exit_code = 12

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
