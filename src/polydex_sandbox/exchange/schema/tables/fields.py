"""Paths to fields, MAPI properties, and the shapes that ask for them."""

TYPES = r"""
$Path = FieldURI PathToUnindexedFieldType | IndexedFieldURI PathToIndexedFieldType |
    ExtendedFieldURI PathToExtendedFieldType
BasePathToElementType:
PathToUnindexedFieldType < BasePathToElementType: @FieldURI UnindexedFieldURIType!
PathToIndexedFieldType < BasePathToElementType: @FieldURI DictionaryURIType!, @FieldIndex!
PathToExtendedFieldType < BasePathToElementType: @DistinguishedPropertySetId DistinguishedPropertySetType,
    @PropertySetId GuidType, @PropertyTag PropertyTagType, @PropertyName, @PropertyId int,
    @PropertyType MapiPropertyTypeType!
DictionaryURIType = enum item: InternetMessageHeader contacts: ImAddress PhysicalAddress:Street PhysicalAddress:City
    PhysicalAddress:State PhysicalAddress:CountryOrRegion PhysicalAddress:PostalCode PhoneNumber EmailAddress
    distributionlist: Members:Member
DistinguishedPropertySetType = enum Meeting Appointment Common PublicStrings Address InternetHeaders
    CalendarAssistant UnifiedMessaging Task Sharing
MapiPropertyTypeType = enum ApplicationTime ApplicationTimeArray Binary BinaryArray Boolean CLSID CLSIDArray
    Currency CurrencyArray Double DoubleArray Error Float FloatArray Integer IntegerArray Long LongArray Null Object
    ObjectArray Short ShortArray SystemTime SystemTimeArray String StringArray
PropertyTagType = unsignedShort | PropertyTagTextType
PropertyTagTextType = string /(0x|0X)[0-9A-Fa-f]{1,4}/
ExtendedPropertyType: (ExtendedFieldURI PathToExtendedFieldType, (Value | Values NonEmptyArrayOfPropertyValuesType))
NonEmptyArrayOfPropertyValuesType: Value+
NonEmptyArrayOfPathsToElementType: ($Path)+
DefaultShapeNamesType = enum IdOnly Default AllProperties
BodyTypeResponseType = enum Best HTML Text
ItemResponseShapeType: BaseShape DefaultShapeNamesType, IncludeMimeContent boolean?, BodyType BodyTypeResponseType?,
    UniqueBodyType BodyTypeResponseType?, NormalizedBodyType BodyTypeResponseType?, FilterHtmlContent boolean?,
    ConvertHtmlCodePageToUTF8 boolean?, InlineImageUrlTemplate?, BlockExternalImages boolean?,
    AddBlankTargetToLinks boolean?, MaximumBodySize int?, AdditionalProperties NonEmptyArrayOfPathsToElementType?
FolderResponseShapeType: BaseShape DefaultShapeNamesType, AdditionalProperties NonEmptyArrayOfPathsToElementType?
AttachmentResponseShapeType: IncludeMimeContent boolean?, BodyType BodyTypeResponseType?,
    FilterHtmlContent boolean?, AdditionalProperties NonEmptyArrayOfPathsToElementType?
"""
