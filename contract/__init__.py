"""The contract as data: what the guide documents, and programs that hold a server to it."""
