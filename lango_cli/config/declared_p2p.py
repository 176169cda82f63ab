"""The settings of the peer-to-peer layer, which is not here yet.

Where the reference's documents and program differ, what allows less stands here: signed
challenges, no relay, containers that must be there.
"""

from __future__ import annotations

from lango_cli.config.setting import later

P2P = (
    later("p2p.allowedTools", "list", "[]", "Tools that peers may call."),
    later("p2p.autoApproveKnownPeers", "switch", "false", "Whether known peers need no yes."),
    later("p2p.bootstrapPeers", "list", "[]", "Peers to begin with."),
    later(
        "p2p.enableMdns", "switch", "true", "Whether peers on the local network are looked for."
    ),
    later(
        "p2p.enablePqHandshake", "switch", "false", "Whether the handshake is post-quantum too."
    ),
    later("p2p.enableRelay", "switch", "false", "Whether traffic of others is passed on."),
    later("p2p.enabled", "switch", "false", "Whether this machine talks with peers."),
    later("p2p.firewallRules", "rules", "[]", "Which peer may call which tool, in this order."),
    later("p2p.gossipInterval", "duration", "30s", "How often agents tell of themselves."),
    later("p2p.handshakeTimeout", "duration", "30s", "How long a handshake may take."),
    later("p2p.keyDir", "path", "~/.lango/p2p", "Where the reference kept its key."),
    later(
        "p2p.listenAddrs",
        "list",
        '["/ip4/0.0.0.0/tcp/9000", "/ip4/0.0.0.0/udp/9000/quic-v1"]',
        "Where it listens.",
    ),
    later("p2p.maxPeers", "count", "50", "How many peers at once."),
    later(
        "p2p.maxSafetyLevel",
        "choice",
        "moderate",
        "The most dangerous tool that peers may call.",
        "safe",
        "moderate",
        "dangerous",
    ),
    later("p2p.minTrustScore", "fraction", "0.3", "The least trust that a peer needs."),
    later("p2p.ownerProtection.blockConversations", "switch", "true", "Whether talk stays here."),
    later("p2p.ownerProtection.extraTerms", "list", "[]", "More that must not be told."),
    later("p2p.ownerProtection.ownerEmail", "text", "", "Your address, never told."),
    later("p2p.ownerProtection.ownerName", "text", "", "Your name, never told."),
    later("p2p.ownerProtection.ownerPhone", "text", "", "Your number, never told."),
    later("p2p.pricing.enabled", "switch", "false", "Whether calls cost anything."),
    later("p2p.pricing.perQuery", "decimal", "", "What a call costs, in USDC."),
    later("p2p.pricing.settlement.maxRetries", "count", "3", "How often a payment is looked for."),
    later("p2p.pricing.settlement.receiptTimeout", "duration", "2m", "How long it may take."),
    later("p2p.pricing.toolPrices", "map", "{}", "What a call of a tool costs, by tool."),
    later("p2p.pricing.trustThresholds.postPayMinScore", "fraction", "0.8", "Who may pay later."),
    later(
        "p2p.requireSignedChallenge", "switch", "true", "Whether unsigned challenges are refused."
    ),
    later("p2p.sessionTokenTtl", "duration", "1h", "How long a peer's session lasts."),
    later("p2p.toolIsolation.container.cpuQuotaUs", "count", "0", "Microseconds of CPU; 0: any."),
    later(
        "p2p.toolIsolation.container.enabled",
        "switch",
        "false",
        "Whether tools run in containers.",
    ),
    later("p2p.toolIsolation.container.image", "text", "lango-sandbox:latest", "The image."),
    later(
        "p2p.toolIsolation.container.networkMode",
        "choice",
        "none",
        "Its network.",
        "none",
        "host",
        "bridge",
    ),
    later("p2p.toolIsolation.container.poolIdleTimeout", "duration", "5m", "How long one waits."),
    later("p2p.toolIsolation.container.poolSize", "count", "0", "How many wait for work."),
    later(
        "p2p.toolIsolation.container.readOnlyRootfs", "switch", "true", "Nothing is written there."
    ),
    later(
        "p2p.toolIsolation.container.requireContainer", "switch", "true", "No container, no call."
    ),
    later(
        "p2p.toolIsolation.container.runtime",
        "choice",
        "auto",
        "What runs it.",
        "auto",
        "docker",
        "gvisor",
        "native",
    ),
    later("p2p.toolIsolation.enabled", "switch", "true", "Whether a peer's call runs by itself."),
    later("p2p.toolIsolation.maxMemoryMB", "count", "256", "MiB that a call may use."),
    later("p2p.toolIsolation.timeoutPerTool", "duration", "30s", "How long a call may take."),
    later("p2p.zkAttestation", "switch", "false", "Whether answers are attested."),
    later("p2p.zkHandshake", "switch", "false", "Whether the handshake proves without showing."),
    later("p2p.zkp.maxCredentialAge", "duration", "24h", "How old a credential may be."),
    later("p2p.zkp.proofCacheDir", "path", "~/.lango/zkp", "Where proofs are kept."),
    later("p2p.zkp.provingScheme", "choice", "plonk", "How is proved.", "plonk", "groth16"),
    later("p2p.zkp.srsMode", "choice", "file", "Where parameters come from.", "unsafe", "file"),
    later("p2p.zkp.srsPath", "path", "", "The file of them."),
)
