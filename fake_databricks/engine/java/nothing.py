"""The program that is submitted when only Spark's resolver of packages is wanted."""  # noqa: INP001  a program, not a module
