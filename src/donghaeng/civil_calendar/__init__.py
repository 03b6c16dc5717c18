"""Civil calendars: ages, periods and their last days, the same for one case, in bulk and in a browser."""
