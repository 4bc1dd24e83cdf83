//! Which words does Mixpanel know for each thing that a question says?

use crate::contract::one_of;

/// A closed list of words.
pub trait Word: Copy + 'static {
    /// Each word once, as Mixpanel writes it.
    const ALL: &'static [Self];
    /// Other spellings, which Mixpanel's own client takes too.
    const ALIASES: &'static [(&'static str, Self)];

    /// As Mixpanel writes it.
    fn as_str(self) -> &'static str;

    fn read(text: &str) -> Option<Self> {
        let own = Self::ALL.iter().find(|word| word.as_str() == text);
        own.or_else(|| Self::ALIASES.iter().find(|(alias, _)| *alias == text).map(|(_, word)| word)).copied()
    }

    /// The words that there are, to be said in an error.
    fn allowed() -> String {
        one_of(&Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>())
    }
}

/// An enum whose variants are words: `Variant = "Mixpanel's word" | "another spelling"`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal $(| $alias:literal)*,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant,)* }

        impl $crate::functions::questions::words::Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            const ALIASES: &'static [(&'static str, Self)] = &[$($(($alias, Self::$variant),)*)*];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What is counted or computed of an event. `Sum` and `Total` are one word on the wire: a total of a property is its sum.
    Math {
        Total = "total",
        Unique = "unique",
        Sessions = "sessions",
        CumulativeUnique = "cumulative_unique",
        Dau = "dau",
        Wau = "wau",
        Mau = "mau",
        Sum = "sum",
        Average = "average",
        Median = "median",
        Min = "min",
        Max = "max",
        P25 = "p25",
        P75 = "p75",
        P90 = "p90",
        P99 = "p99",
        Percentile = "percentile" | "custom_percentile",
        Histogram = "histogram",
        UniqueValues = "unique_values",
        MostFrequent = "most_frequent",
        FirstValue = "first_value",
        MultiAttribution = "multi_attribution",
        NumericSummary = "numeric_summary",
    }
}

words! {
    /// What is computed of each user's events before the users are put together.
    PerUser { UniqueValues = "unique_values", Total = "total", Average = "average", Min = "min", Max = "max", }
}

words! {
    /// Whether all filters of an event must hold, or one of them.
    Combinator { All = "all", Any = "any", }
}

words! {
    /// Which of a user's events count.
    SegmentMethod { All = "all", First = "first", }
}

words! {
    /// Of what kind a property's values are.
    PropertyType {
        String = "string",
        Number = "number",
        Boolean = "boolean",
        Datetime = "datetime",
        List = "list",
        Object = "object",
    }
}

words! {
    /// Whose property it is.
    Resource { Events = "event" | "events", People = "user" | "people", }
}

impl Resource {
    /// The other pair of words that Mixpanel has for it, in filters, breakdowns and metrics.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::People => "people",
        }
    }
}

words! {
    /// The stretch of time that one value is of.
    TimeUnit { Hour = "hour", Day = "day", Week = "week", Month = "month", Quarter = "quarter", }
}

words! {
    /// What a filter's span of time is counted in.
    DateUnit { Hour = "hour", Day = "day", Week = "week", Month = "month", }
}

words! {
    /// Whether one item of a list must match, or each.
    Quantifier { Any = "any", All = "all", }
}

words! {
    /// What a filter asks of a property. The other spellings are the names that Mixpanel's client has for them.
    Operator {
        Equals = "equals" | "is equal to",
        DoesNotEqual = "does not equal" | "not_equals",
        Contains = "contains" | "in_cohort",
        DoesNotContain = "does not contain" | "not_contains" | "not_in_cohort",
        StartsWith = "starts with" | "starts_with",
        EndsWith = "ends with" | "ends_with",
        IsSet = "is set" | "is_set",
        IsNotSet = "is not set" | "is_not_set",
        IsGreaterThan = "is greater than" | "greater_than",
        IsLessThan = "is less than" | "less_than",
        IsAtLeast = "is at least" | "at_least",
        IsAtMost = "is at most" | "at_most",
        IsBetween = "is between" | "between",
        NotBetween = "not between" | "not_between",
        True = "true" | "is_true",
        False = "false" | "is_false",
        WasOn = "was on" | "on",
        WasNotOn = "was not on" | "not_on",
        WasBefore = "was before" | "before",
        WasSince = "was since" | "since",
        WasBetween = "was between" | "date_between",
        WasNotBetween = "was not between" | "date_not_between",
        WasInThe = "was in the" | "in_the_last",
        WasNotInThe = "was not in the" | "not_in_the_last",
        WasInTheNext = "was in the next" | "in_the_next",
        ListContains = "list_contains",
    }
}

words! {
    /// How the number of a user's events is compared.
    FrequencyOperator {
        IsAtLeast = "is at least" | "at_least",
        IsAtMost = "is at most" | "at_most",
        IsGreaterThan = "is greater than" | "greater_than",
        IsLessThan = "is less than" | "less_than",
        IsEqualTo = "is equal to" | "equals",
    }
}
