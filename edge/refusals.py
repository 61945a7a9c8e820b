"""Why a request about people, groups and faces, or about pictures of them, cannot be done as it is.

Each class is one refusal, with the code that comparable services give it; `errors` has the rest of the
tree. None of them changes anything.

    RequestRefused
    ├── ParameterMissing          a value that is needed is empty
    ├── MethodUnknown             no operation of that name
    ├── QualityLevelIllegal       a quality level that is not 0 to 4
    ├── LimitTooLarge             a longer page than allowed
    ├── OffsetTooLarge            a page that begins behind the end
    ├── TooManyUploads            more faces in one request than allowed
    ├── TooManyGroupsAsked        more groups in one request than allowed
    ├── TooManyPeopleAsked        more people wanted from a search than allowed
    ├── TooManyFacesSearched      more faces to search among than allowed
    ├── NobodyToSearch            no faces in the groups of a search
    └── GalleryError
        ├── PersonNotFound
        ├── PersonExists            under that id, or the same human under another
        ├── PersonIdIllegal         characters that are not allowed, or none
        ├── PersonIdTooLong
        ├── PersonNameIllegal       characters that cannot be shown
        ├── PersonNameTooLong
        ├── GenderIllegal           not 0, 1 or 2
        ├── PersonConflict          somebody else changed the person meanwhile
        ├── PersonIsManaged         the hub of the fleet alone changes the person
        ├── PersonInGroup           a person to create is known, and in that group
        ├── MembershipExists        a person to copy is in that group
        ├── MembershipNotFound      the person is not in that group
        ├── TooManyGroupsOfPerson
        ├── GroupNotFound
        │   └── GroupListNotFound   some of the groups of a list
        ├── GroupExists
        ├── GroupIdIllegal
        ├── GroupIdTooLong
        ├── GroupNameExists
        ├── GroupNameIllegal
        ├── GroupNameTooLong
        ├── GroupTagIllegal
        ├── GroupTagTooLong
        ├── GroupBeingDeleted       its deletion has begun
        ├── TooManyGroups
        ├── TooManyPeopleInGroup
        ├── TooManyFields           more description fields than a group may have
        ├── FieldRepeated           one name twice in a request
        ├── FieldExists             the group has a field of that name
        ├── FieldNameIllegal
        ├── FieldNameTooLong
        ├── FieldNotFound           the group has no field of that name
        ├── TooManyValues           more descriptions than a person may have
        ├── ValueRepeated           one field twice in a request
        ├── ValueIllegal            characters that cannot be shown
        ├── ValueTooLong
        ├── FaceNotFound
        ├── NearlySameFace          the person has this very picture
        ├── TooManyFaces            the person has all the faces allowed
        ├── TooManyFacesInGroup
        ├── TooManyFacesInAll       the device has all the faces allowed
        └── LastFace                every person keeps at least one
"""

from __future__ import annotations

from edge.errors import RequestRefused


class ParameterMissing(RequestRefused):
    code, number = "MissingParameter.ErrorParameterEmpty", -1301


class MethodUnknown(RequestRefused):
    code, number = "UnsupportedOperation.UnknowMethod", None


class QualityLevelIllegal(RequestRefused):
    code = "InvalidParameterValue.QualityControlIllegal"


class LimitTooLarge(RequestRefused):
    code = "InvalidParameterValue.LimitExceed"


class OffsetTooLarge(RequestRefused):
    code = "InvalidParameterValue.OffsetExceed"


class TooManyUploads(RequestRefused):
    code, number = "InvalidParameterValue.UploadFaceNumExceed", -1309


class TooManyGroupsAsked(RequestRefused):
    code, number = "InvalidParameterValue.GroupIdsExceed", -1311


class TooManyPeopleAsked(RequestRefused):
    code, number = "InvalidParameterValue.SearchPersonsExceed", -1310


class TooManyFacesSearched(RequestRefused):
    code, number = "FailedOperation.SearchFacesExceed", -1309


class NobodyToSearch(RequestRefused):
    code, number = "InvalidParameterValue.NoFaceInGroups", -1305


class GalleryError(RequestRefused):
    pass


class PersonNotFound(GalleryError):
    code, number = "InvalidParameterValue.PersonIdNotExist", -1303


class PersonExists(GalleryError):
    code, number = "InvalidParameterValue.PersonIdAlreadyExist", -1302


class PersonIdIllegal(GalleryError):
    code, number = "InvalidParameterValue.PersonIdIllegal", -1313


class PersonIdTooLong(GalleryError):
    code, number = "InvalidParameterValue.PersonIdTooLong", -1304


class PersonNameIllegal(GalleryError):
    code, number = "InvalidParameterValue.PersonNameIllegal", -1313


class PersonNameTooLong(GalleryError):
    code, number = "InvalidParameterValue.PersonNameTooLong", -1304


class GenderIllegal(GalleryError):
    code, number = "InvalidParameterValue.PersonGenderIllegal", -1313


class PersonConflict(GalleryError):
    code, number = "FailedOperation.ConflictOperation", None


class PersonIsManaged(GalleryError):
    pass


class PersonInGroup(GalleryError):
    code, number = "InvalidParameterValue.PersonExistInGroup", -1302


class MembershipExists(GalleryError):
    code, number = "FailedOperation.GroupPersonMapExist", -1302


class MembershipNotFound(GalleryError):
    code, number = "FailedOperation.GroupPersonMapNotExist", -1303


class TooManyGroupsOfPerson(GalleryError):
    code, number = "InvalidParameterValue.GroupNumPerPersonExceed", -1311


class GroupNotFound(GalleryError):
    code, number = "InvalidParameterValue.GroupIdNotExist", -1306


class GroupListNotFound(GroupNotFound):
    number = -1307


class GroupExists(GalleryError):
    code, number = "InvalidParameterValue.GroupIdAlreadyExist", None


class GroupIdIllegal(GalleryError):
    code, number = "InvalidParameterValue.GroupIdIllegal", -1313


class GroupIdTooLong(GalleryError):
    code, number = "InvalidParameterValue.GroupIdTooLong", -1304


class GroupNameExists(GalleryError):
    code, number = "InvalidParameterValue.GroupNameAlreadyExist", None


class GroupNameIllegal(GalleryError):
    code, number = "InvalidParameterValue.GroupNameIllegal", -1313


class GroupNameTooLong(GalleryError):
    code, number = "InvalidParameterValue.GroupNameTooLong", -1304


class GroupTagIllegal(GalleryError):
    code, number = "InvalidParameterValue.GroupTagIllegal", -1313


class GroupTagTooLong(GalleryError):
    code, number = "InvalidParameterValue.GroupTagTooLong", -1304


class GroupBeingDeleted(GalleryError):
    code, number = "FailedOperation.GroupInDeletedState", -1306


class TooManyGroups(GalleryError):
    code, number = "InvalidParameterValue.GroupNumExceed", -1311


class TooManyPeopleInGroup(GalleryError):
    number = -1310


class TooManyFields(GalleryError):
    code, number = "InvalidParameterValue.GroupExDescriptionsExceed", -1304


class FieldRepeated(GalleryError):
    code, number = "InvalidParameterValue.GroupExDescriptionsNameIdentical", -1313


class FieldExists(GalleryError):
    code, number = "FailedOperation.DuplicatedGroupDescription", -1313


class FieldNameIllegal(GalleryError):
    code, number = "InvalidParameterValue.GroupExDescriptionsNameIllegal", -1313


class FieldNameTooLong(GalleryError):
    code, number = "InvalidParameterValue.GroupExDescriptionsNameTooLong", -1304


class FieldNotFound(GalleryError):
    pass


class TooManyValues(GalleryError):
    code, number = "InvalidParameterValue.PersonExDescriptionInfosExceed", -1304


class ValueRepeated(GalleryError):
    code, number = "InvalidParameterValue.PersonExDescriptionsNameIdentical", -1313


class ValueIllegal(GalleryError):
    code, number = "InvalidParameterValue.PersonExDescriptionsNameIllegal", -1313


class ValueTooLong(GalleryError):
    code, number = "InvalidParameterValue.PersonExDescriptionsNameTooLong", -1304


class FaceNotFound(GalleryError):
    number = -1305


class NearlySameFace(GalleryError):
    number = -1312


class TooManyFaces(GalleryError):
    code, number = "InvalidParameterValue.PersonFaceNumExceed", -1309


class TooManyFacesInGroup(GalleryError):
    code, number = "InvalidParameterValue.GroupFaceNumExceed", -1309


class TooManyFacesInAll(GalleryError):
    code, number = "InvalidParameterValue.AccountFaceNumExceed", -1309


class LastFace(GalleryError):
    code, number = "InvalidParameterValue.DeleteFaceNumExceed", -1309
