"""Attachments."""

TYPES = r"""
AttachmentType: AttachmentId AttachmentIdType?, Name?, ContentType?, ContentId?, ContentLocation?, Size int?,
    LastModifiedTime dateTime?, IsInline boolean?
FileAttachmentType < AttachmentType: IsContactPhoto boolean?, Content base64Binary?
ItemAttachmentType < AttachmentType: (Item ItemType | Message MessageType | CalendarItem any |
    Contact ContactItemType | MeetingMessage any | MeetingRequest any | MeetingResponse any |
    MeetingCancellation any | Task any | PostItem any | RoleMember any ^2016 | Network any ^2016 |
    Person any ^2016)?
ArrayOfAttachmentsType: (ItemAttachment ItemAttachmentType | FileAttachment FileAttachmentType |
    ReferenceAttachment any ^2016)*
NonEmptyArrayOfAttachmentsType: (ItemAttachment ItemAttachmentType | FileAttachment FileAttachmentType |
    ReferenceAttachment any ^2016)+
"""
