# Types of what the examples and tests use of Django, which has none of its own.
