"""The painters' world: its words, its scenes, and the grammar between scenes and prompts."""
