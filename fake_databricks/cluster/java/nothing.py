"""The program that is submitted when only Spark's resolver of packages is wanted."""
