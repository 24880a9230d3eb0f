"""Six scores and the reasons for them: what a scan counted goes in, what it means comes out. Pure."""
