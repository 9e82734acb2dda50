"""Time zones."""

TYPES = r"""
TimeZoneDefinitionType: (Periods NonEmptyArrayOfPeriodsType, TransitionsGroups ArrayOfTransitionsGroupsType?,
    Transitions ArrayOfTransitionsType?)?, @Id, @Name
PeriodType: @Bias duration, @Name, @Id
NonEmptyArrayOfPeriodsType: Period PeriodType+
$Transition = AbsoluteDateTransition AbsoluteDateTransitionType | RecurringDayTransition RecurringDayTransitionType
    | RecurringDateTransition RecurringDateTransitionType
TransitionType: To TransitionTargetType
AbsoluteDateTransitionType < TransitionType: DateTime dateTime
RecurringTimeTransitionType < TransitionType: TimeOffset duration, Month int
RecurringDayTransitionType < RecurringTimeTransitionType: DayOfWeek DayOfWeekType, Occurrence int
RecurringDateTransitionType < RecurringTimeTransitionType: Day int
TransitionTargetType < string: @Kind TransitionTargetKindType!
TransitionTargetKindType = enum Period Group
ArrayOfTransitionsType: $Transition+, @Id
ArrayOfTransitionsGroupsType: TransitionsGroup ArrayOfTransitionsType+
ArrayOfTimeZoneDefinitionType: (TimeZoneDefinition TimeZoneDefinitionType)*
NonEmptyArrayOfTimeZoneIdType: Id+
DayOfWeekType = enum Sunday Monday Tuesday Wednesday Thursday Friday Saturday Day Weekday WeekendDay
"""
