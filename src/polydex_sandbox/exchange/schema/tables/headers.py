"""What stands in the header of the envelope."""

TYPES = r"""
RequestServerVersion: @Version ExchangeVersionType!, @soap:*
ServerVersionInfo: @MajorVersion int, @MinorVersion int, @MajorBuildNumber int, @MinorBuildNumber int, @Version
ExchangeVersionType = enum Exchange2007 Exchange2007_SP1 Exchange2010 Exchange2010_SP1 Exchange2010_SP2 Exchange2013
    Exchange2013_SP1 ^2016 Exchange2016
ExchangeImpersonationType: ConnectingSID ConnectingSIDType, @soap:*
ConnectingSIDType: PrincipalName PrincipalNameType | SID SIDType | PrimarySmtpAddress PrimarySmtpAddressType |
    SmtpAddress SmtpAddressType
PrincipalNameType < NonEmptyStringType:
SIDType < NonEmptyStringType:
PrimarySmtpAddressType < NonEmptyStringType:
SmtpAddressType < NonEmptyStringType:
MailboxCultureType < language: @soap:*
TimeZoneContextType: TimeZoneDefinition TimeZoneDefinitionType, @soap:*
DateTimePrecisionType = enum Seconds Milliseconds
"""
