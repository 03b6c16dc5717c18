"""Why did it change: falls of an index attributed to the factors of its indicators."""
