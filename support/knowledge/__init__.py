"""What we know and how it reaches those who ask: articles, search, automatic first answers (docs/support.md)."""
