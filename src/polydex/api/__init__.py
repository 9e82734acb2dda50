"""The HTTP interface: routes, authentication, error rendering, OpenAPI."""
