"""Where should money go: options, needs and findings to a plan, to the won."""
