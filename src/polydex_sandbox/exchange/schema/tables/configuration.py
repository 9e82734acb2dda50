"""Configurations that clients keep in a folder."""

TYPES = r"""
UserConfigurationNameType < TargetFolderIdType: @Name NonEmptyStringType!
UserConfigurationPropertyType = list UserConfigurationPropertyNameType
UserConfigurationPropertyNameType = enum Id Dictionary XmlData BinaryData All
UserConfigurationType: UserConfigurationName UserConfigurationNameType, ItemId ItemIdType?,
    Dictionary UserConfigurationDictionaryType?, XmlData base64Binary?, BinaryData base64Binary?
UserConfigurationDictionaryType: DictionaryEntry UserConfigurationDictionaryEntryType*
UserConfigurationDictionaryEntryType: DictionaryKey UserConfigurationDictionaryObjectType,
    DictionaryValue UserConfigurationDictionaryObjectType nil
UserConfigurationDictionaryObjectType: Type UserConfigurationDictionaryObjectTypesType, Value+
UserConfigurationDictionaryObjectTypesType = enum DateTime Boolean Byte String Integer32 UnsignedInteger32 Integer64
    UnsignedInteger64 StringArray ByteArray
"""
