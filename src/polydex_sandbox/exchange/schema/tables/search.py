"""Searches: views, order and restrictions."""

TYPES = r"""
ItemQueryTraversalType = enum Shallow SoftDeleted Associated
BasePagingType: @MaxEntriesReturned int
IndexedPageViewType < BasePagingType: @Offset int!, @BasePoint IndexBasePointType!
IndexBasePointType = enum Beginning End
FractionalPageViewType < BasePagingType: @Numerator int!, @Denominator int!
SeekToConditionPageViewType < BasePagingType: Condition RestrictionType, @BasePoint IndexBasePointType!
CalendarViewType < BasePagingType: @StartDate dateTime!, @EndDate dateTime!
ContactsViewType < BasePagingType: @InitialName, @FinalName
FindItemParentType: Items ArrayOfRealItemsType | Groups any, @IndexedPagingOffset int, @NumeratorOffset int,
    @AbsoluteDenominator int, @IncludesLastItemInRange boolean, @TotalItemsInView int
SortDirectionType = enum Ascending Descending
FieldOrderType: $Path, @Order SortDirectionType!
NonEmptyArrayOfFieldOrdersType: FieldOrder FieldOrderType+
RestrictionType: $SearchExpression
$SearchExpression = And AndType | Contains ContainsExpressionType | Excludes ExcludesType | Exists ExistsType |
    IsEqualTo IsEqualToType | IsNotEqualTo IsNotEqualToType | IsGreaterThan IsGreaterThanType |
    IsGreaterThanOrEqualTo IsGreaterThanOrEqualToType | IsLessThan IsLessThanType |
    IsLessThanOrEqualTo IsLessThanOrEqualToType | Not NotType | Or OrType
SearchExpressionType:
ExistsType < SearchExpressionType: $Path
ExcludesType < SearchExpressionType: $Path, Bitmask ExcludesValueType
ExcludesValueType: @Value ExcludesAttributeType!
ExcludesAttributeType = string /((0x|0X)[0-9A-Fa-f]*)|([0-9]*)/
TwoOperandExpressionType < SearchExpressionType: $Path, FieldURIOrConstant FieldURIOrConstantType
FieldURIOrConstantType: $Path | Constant ConstantValueType
ConstantValueType: @Value!
IsEqualToType < TwoOperandExpressionType:
IsNotEqualToType < TwoOperandExpressionType:
IsGreaterThanType < TwoOperandExpressionType:
IsGreaterThanOrEqualToType < TwoOperandExpressionType:
IsLessThanType < TwoOperandExpressionType:
IsLessThanOrEqualToType < TwoOperandExpressionType:
ContainsExpressionType < SearchExpressionType: $Path, Constant ConstantValueType,
    @ContainmentMode ContainmentModeType, @ContainmentComparison ContainmentComparisonType
ContainmentModeType = enum FullString Prefixed Substring PrefixOnWords ExactPhrase
ContainmentComparisonType = enum Exact IgnoreCase IgnoreNonSpacingCharacters Loose IgnoreCaseAndNonSpacingCharacters
    LooseAndIgnoreCase LooseAndIgnoreNonSpace LooseAndIgnoreCaseAndIgnoreNonSpace
NotType < SearchExpressionType: $SearchExpression
MultipleOperandBooleanExpressionType < SearchExpressionType: $SearchExpression+
AndType < MultipleOperandBooleanExpressionType:
OrType < MultipleOperandBooleanExpressionType:
"""
