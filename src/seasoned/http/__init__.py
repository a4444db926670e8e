"""The HTTP door: the wire contract of the published `acontext` SDKs."""
