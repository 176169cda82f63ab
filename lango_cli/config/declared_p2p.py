"""The settings of the peer-to-peer layer, not here yet: name, kind, default, doc, choices.

Where the reference's documents and program differ, what allows less stands here: signed
challenges, no relay, containers that must be there.
"""

from __future__ import annotations

_Row = tuple[str, str, str, str, tuple[str, ...]]


def _row(key: str, kind: str, default: str, doc: str, *choices: str) -> _Row:
    return f"p2p.{key}", kind, default, doc, choices


P2P: tuple[_Row, ...] = (
    _row("allowedTools", "list", "[]", "Tools that peers may call."),
    _row("autoApproveKnownPeers", "switch", "false", "Whether known peers need no yes."),
    _row("bootstrapPeers", "list", "[]", "Peers to begin with."),
    _row("enableMdns", "switch", "true", "Whether peers on the local network are looked for."),
    _row("enablePqHandshake", "switch", "false", "Whether the handshake is post-quantum too."),
    _row("enableRelay", "switch", "false", "Whether traffic of others is passed on."),
    _row("enabled", "switch", "false", "Whether this machine talks with peers."),
    _row("firewallRules", "rules", "[]", "Which peer may call which tool, in this order."),
    _row("gossipInterval", "duration", "30s", "How often agents tell of themselves."),
    _row("handshakeTimeout", "duration", "30s", "How long a handshake may take."),
    _row("keyDir", "path", "~/.lango/p2p", "Where the reference kept its key."),
    _row(
        "listenAddrs",
        "list",
        '["/ip4/0.0.0.0/tcp/9000", "/ip4/0.0.0.0/udp/9000/quic-v1"]',
        "Where it listens.",
    ),
    _row("maxPeers", "count", "50", "How many peers at once."),
    _row(
        "maxSafetyLevel",
        "choice",
        "moderate",
        "The most dangerous tool that peers may call.",
        "safe",
        "moderate",
        "dangerous",
    ),
    _row("minTrustScore", "fraction", "0.3", "The least trust that a peer needs."),
    _row("ownerProtection.blockConversations", "switch", "true", "Whether talk stays here."),
    _row("ownerProtection.extraTerms", "list", "[]", "More that must not be told."),
    _row("ownerProtection.ownerEmail", "text", "", "Your address, never told."),
    _row("ownerProtection.ownerName", "text", "", "Your name, never told."),
    _row("ownerProtection.ownerPhone", "text", "", "Your number, never told."),
    _row("pricing.enabled", "switch", "false", "Whether calls cost anything."),
    _row("pricing.perQuery", "decimal", "", "What a call costs, in USDC."),
    _row("pricing.settlement.maxRetries", "count", "3", "How often a payment is looked for."),
    _row("pricing.settlement.receiptTimeout", "duration", "2m", "How long it may take."),
    _row("pricing.toolPrices", "map", "{}", "What a call of a tool costs, by tool."),
    _row("pricing.trustThresholds.postPayMinScore", "fraction", "0.8", "Who may pay later."),
    _row("requireSignedChallenge", "switch", "true", "Whether unsigned challenges are refused."),
    _row("sessionTokenTtl", "duration", "1h", "How long a peer's session lasts."),
    _row("toolIsolation.container.cpuQuotaUs", "count", "0", "Microseconds of CPU; 0: any."),
    _row("toolIsolation.container.enabled", "switch", "false", "Whether tools run in containers."),
    _row("toolIsolation.container.image", "text", "lango-sandbox:latest", "The image."),
    _row(
        "toolIsolation.container.networkMode",
        "choice",
        "none",
        "Its network.",
        "none",
        "host",
        "bridge",
    ),
    _row("toolIsolation.container.poolIdleTimeout", "duration", "5m", "How long one waits."),
    _row("toolIsolation.container.poolSize", "count", "0", "How many wait for work."),
    _row("toolIsolation.container.readOnlyRootfs", "switch", "true", "Nothing is written there."),
    _row("toolIsolation.container.requireContainer", "switch", "true", "No container, no call."),
    _row(
        "toolIsolation.container.runtime",
        "choice",
        "auto",
        "What runs it.",
        "auto",
        "docker",
        "gvisor",
        "native",
    ),
    _row("toolIsolation.enabled", "switch", "true", "Whether a peer's call runs by itself."),
    _row("toolIsolation.maxMemoryMB", "count", "256", "MiB that a call may use."),
    _row("toolIsolation.timeoutPerTool", "duration", "30s", "How long a call may take."),
    _row("zkAttestation", "switch", "false", "Whether answers are attested."),
    _row("zkHandshake", "switch", "false", "Whether the handshake proves without showing."),
    _row("zkp.maxCredentialAge", "duration", "24h", "How old a credential may be."),
    _row("zkp.proofCacheDir", "path", "~/.lango/zkp", "Where proofs are kept."),
    _row("zkp.provingScheme", "choice", "plonk", "How is proved.", "plonk", "groth16"),
    _row("zkp.srsMode", "choice", "file", "Where parameters come from.", "unsafe", "file"),
    _row("zkp.srsPath", "path", "", "The file of them."),
)
