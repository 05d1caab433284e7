"""SBOMs made by others, or by us: documents to what they say. Pure."""
