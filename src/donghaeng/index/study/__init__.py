"""Study: what is known about indicators, groups, units and versions of an index, from plain arrays.

Every function takes float64 arrays of units x indicators with NaN for missing values, changes nothing, and gives
a frozen result. Nothing here knows codes, files or packs.
"""

from donghaeng.index.study.availability import Availability, availability_of_groups, availability_of_units
from donghaeng.index.study.comparison import Comparison, Removal, compare, effect_of_removal
from donghaeng.index.study.consistency import Components, Consistency, cronbach_alpha, principal_components
from donghaeng.index.study.correlation import (
    Correlations,
    Pair,
    correlate,
    correlate_with_parents,
    flagged_denominators,
    flagged_within_groups,
)
from donghaeng.index.study.profile import Neighbour, Profile, Standing, similar_units, strengths_and_weaknesses
from donghaeng.index.study.progress import Growth, Progress, compound_growth, progress_to_targets
from donghaeng.index.study.statistics import Statistics, Thresholds, describe, kurtosis, skew
from donghaeng.index.study.values import ranked

__all__ = [
    "Availability",
    "Comparison",
    "Components",
    "Consistency",
    "Correlations",
    "Growth",
    "Neighbour",
    "Pair",
    "Profile",
    "Progress",
    "Removal",
    "Standing",
    "Statistics",
    "Thresholds",
    "availability_of_groups",
    "availability_of_units",
    "compare",
    "compound_growth",
    "correlate",
    "correlate_with_parents",
    "cronbach_alpha",
    "describe",
    "effect_of_removal",
    "flagged_denominators",
    "flagged_within_groups",
    "kurtosis",
    "principal_components",
    "progress_to_targets",
    "ranked",
    "similar_units",
    "skew",
    "strengths_and_weaknesses",
]
