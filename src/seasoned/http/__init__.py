"""The HTTP API: the wire contract of the published `acontext` SDKs."""
