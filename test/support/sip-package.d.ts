// The few functions of the old `sip` package that tests use: a parser and a serialiser that share no code with ours.
declare module 'sip' {
  export interface Uri { schema?: string; user?: string | undefined; host?: string; port?: number | undefined; params?: Record<string, string | null>; headers?: Record<string, string> }
  export interface Address { name?: string | undefined; uri: string; params: Record<string, string | undefined> }
  export interface Via { version?: string; protocol: string; host: string; port?: number; params: Record<string, string | null | undefined> }
  export interface Headers {
    via: Via[];
    to: Address;
    from: Address;
    'call-id': string;
    cseq: { seq: number; method: string };
    contact?: Address[];
    route?: Address[];
    'record-route'?: Address[];
    'www-authenticate'?: Array<Record<string, string>>;
    authorization?: Array<Record<string, string>>;
    [name: string]: unknown;
  }
  export interface Message { method?: string; uri?: string; status?: number; reason?: string; version?: string; headers: Headers; content?: string }
  export function parse(data: string): Message | undefined;
  export function stringify(message: Message): string;
  export function parseUri(uri: string): Uri;
}
