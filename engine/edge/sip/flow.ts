// One way to one peer: a UDP address, or a TCP or TLS connection. The stack above sends text and never sees a socket.

export type Protocol = 'udp' | 'tcp' | 'tls';

/** The port of a URI or Via that names none (RFC 3261 §19.1.2, §18.2.2). */
export const usualPort = (protocol: Protocol): number => (protocol === 'tls' ? 5061 : 5060);

export interface Peer {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}

export interface Flow extends Peer {
  /** Whether the transport itself repeats what is lost. */
  readonly reliable: boolean;
  /** False once a connection is closed; always true for UDP. */
  readonly open: boolean;
  /** Never throws. `failed` is called at most once, later, when this could not be sent. */
  send(text: string, failed?: () => void): void;
  /** Calls `told` once when the connection closes; returns how to stop listening. Does nothing for UDP. */
  whenClosed(told: () => void): () => void;
}

/** A short name of a peer, for tables and logs. */
export const peerName = (peer: Peer): string => `${peer.protocol}:${peer.address}:${peer.port}`;
