// The torture messages of RFC 4475, each under its name there, with what that document asks of whoever receives it and what we do.

/** `engine`: well formed, told to an engine. `taken`: a response that is used. `dropped`: no answer. A number: what the edge answers by itself. */
export type Fate = 'engine' | 'taken' | 'dropped' | number;

export interface Torture {
  readonly name: string;
  readonly section: string;
  /** What RFC 4475 asks, in few words. */
  readonly asks: string;
  readonly message: Buffer;
  readonly fate: Fate;
  /** What must have been understood, as the fields of the message. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Header values as they must come out, all of one key in order. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

const lines = (...text: string[]): string => text.join('\r\n');
const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

const SDP = lines('v=0', 'o=mhandley 29739 7272939 IN IP4 192.0.2.5', 's=-', 'c=IN IP4 192.0.2.5', 't=0 0', 'm=audio 49217 RTP/AVP 0 12', 'm=video 3227 RTP/AVP 31', 'a=rtpmap:31 LPC', '');
/** A head, an empty line, a body; Content-Length stands where the message has it, as `#`. */
const message = (head: readonly string[], body = ''): Buffer => bytes(`${head.join('\r\n').replace(/#/, String(Buffer.byteLength(body)))}\r\n\r\n${body}`);

const UNUSUAL = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com";
const UNUSUAL_METHOD = "!interesting-Method0123456789_*+`.%indeed'~";
const SIGNED = Buffer.concat([
  bytes(lines(
    '--7a9cbec02ceef655', 'Content-Type: text/plain', 'Content-Transfer-Encoding: binary', '', 'Hello', '--7a9cbec02ceef655', 'Content-Type: application/octet-stream', 'Content-Transfer-Encoding: binary', '', '',
  )), Buffer.from([0x30, 0x82, 0x01, 0x52, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x0d, 0x0a, 0x00, 0xff, 0x0a, 0x0d, 0x0a, 0x0d, 0x0a, 0xe6]), bytes('\r\n--7a9cbec02ceef655--\r\n'),
]);
const LONG = 'long'.repeat(64);

const VALID: readonly Torture[] = [
  {
    name: 'wsinv', section: '3.1.1.1', asks: 'a tortuous but valid INVITE is understood', fate: 'engine',
    message: message([
      'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0', 'TO :', ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n', 'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>', '  ;', '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068', 'Call-ID: wsinv.ndaksdj@192.0.2.1', 'Content-Length   : #', 'cseq: 0009', '  INVITE', 'Via  : SIP  /   2.0', ' /UDP', '    192.0.2.2;branch=390skdjuw', 's :', 'NewFangledHeader:   newfangled value',
      ' continued newfangled value', 'UnknownHeaderWithUnusualValue: ;;,,;;,;', 'Content-Type: application/sdp', 'Route:', ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>', 'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
      '  branch  =   z9hG4bK9ikj8  ,', ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=', ' z9hG4bK30239', 'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =', '      newvalue ;', '  secondparam ; q = 0.33',
    ], SDP),
    fields: { method: 'INVITE', callId: 'wsinv.ndaksdj@192.0.2.1', cseq: 9, cseqMethod: 'INVITE', fromTag: '98asjd8', toTag: '1918181833n', body: SDP },
    values: { newfangledheader: ['newfangled value continued newfangled value'], route: ['<sip:services.example.com;lr;unknownwith=value;unknown-no-value>'] },
  },
  {
    name: 'intmeth', section: '3.1.1.2', asks: 'every character a token, a user part and a quoted string may have is understood; the method is refused as unknown, if at all', fate: 'engine',
    message: message([
      `${UNUSUAL_METHOD} ${UNUSUAL} SIP/2.0`, "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~", `To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7F" <${UNUSUAL}>`,
      "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.", "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", `CSeq: 139122385 ${UNUSUAL_METHOD}`,
      'Max-Forwards: 255', "extensionHeader-!.%*+_`'~:\uFEFF大停電", 'Content-Length: 0',
    ]),
    fields: { method: UNUSUAL_METHOD, uri: UNUSUAL, callId: "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", fromTag: "_token~1'+`*%!-.", cseq: 139122385 },
  },
  {
    name: 'esc01', section: '3.1.1.3', asks: 'escaped characters are understood, and not undone where that would change the meaning', fate: 'engine',
    message: message([
      'INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0', 'To: sip:%75se%72@example.com', 'From: <sip:I%20have%20spaces@example.net>;tag=938', 'Max-Forwards: 87', 'i: esc01.239409asdfakjkn23onasd0-3234', 'CSeq: 234234 INVITE',
      'Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw', 'C: application/sdp', 'Contact:', '  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>', 'Content-Length: #',
    ], SDP),
    fields: { uri: 'sip:sips%3Auser%40example.com@example.net' }, values: { contact: ['<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>'] },
  },
  {
    name: 'escnull', section: '3.1.1.4', asks: 'escaped nulls are part of the URI; the two Contacts differ', fate: 'engine',
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'To: sip:null-%00-null@example.com', 'From: sip:null-%00-null@example.com;tag=839923423', 'Max-Forwards: 70', 'Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd', 'CSeq: 14398234 REGISTER',
      'Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw', 'Contact: <sip:%00@host5.example.com>', 'Contact: <sip:%00%00@host5.example.com>', 'L:0',
    ]),
    values: { contact: ['<sip:%00@host5.example.com>', '<sip:%00%00@host5.example.com>'] },
  },
  {
    name: 'esc02', section: '3.1.1.5', asks: 'a percent sign in a method or display name escapes nothing: RE%47IST%45R is not REGISTER', fate: 'engine',
    message: message([
      'RE%47IST%45R sip:registrar.example.com SIP/2.0', 'To: "%Z%45" <sip:resource@example.com>', 'From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23', 'Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf',
      'Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234', 'CSeq: 29344 RE%47IST%45R', 'Max-Forwards: 70', 'Contact: <sip:alias1@host1.example.com>', 'C%6Fntact: <sip:alias2@host2.example.com>', 'Contact: <sip:alias3@host3.example.com>', 'l: 0',
    ]),
    fields: { method: 'RE%47IST%45R' }, values: { contact: ['<sip:alias1@host1.example.com>', '<sip:alias3@host3.example.com>'] },
  },
  {
    name: 'lwsdisp', section: '3.1.1.6', asks: 'no white space is needed before <', fate: 'engine',
    message: message([
      'OPTIONS sip:user@example.com SIP/2.0', 'To: sip:user@example.com', 'From: caller<sip:caller@example.com>;tag=323', 'Max-Forwards: 70', 'Call-ID: lwsdisp.1234abcd@funky.example.com', 'CSeq: 60 OPTIONS', 'Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw', 'l: 0',
    ]),
    fields: { fromTag: '323' },
  },
  {
    name: 'longreq', section: '3.1.1.7', asks: 'long values and many Vias are understood', fate: 'engine',
    message: message([
      'INVITE sip:user@example.com SIP/2.0', `To: "I have a user name of ${'extreme '.repeat(10)}proportion"<sip:user@example.com:6000;unknownparam1=very${LONG}value;longparam${'name'.repeat(25)}=shortvalue;very${LONG}ParameterNameWithNoValue>`,
      `F: sip:amazinglylongcallername${'amazinglylongcallername'.repeat(4)}@example.net;tag=12${'982'.repeat(50)}424;unknownheaderparam${'name'.repeat(20)}=unknowheaderparam${'value'.repeat(15)};unknownValueless${'paramname'.repeat(10)}`,
      `Call-ID: longreq.one${'really'.repeat(20)}longcallid`, 'CSeq: 3882340 INVITE', `Unknown-${'Long'.repeat(20)}-Name: unknown-${'long'.repeat(20)}-value; unknown-${'long'.repeat(20)}-parameter-name = unknown-${'long'.repeat(20)}-parameter-value`,
      'Via: SIP/2.0/TCP sip33.example.com', 'v: SIP/2.0/TCP sip32.example.com', ...Array.from({ length: 30 }, (_, i) => `V: SIP/2.0/TCP sip${31 - i}.example.com;branch=${i === 15 ? `very${LONG}branchvalue` : `z9hG4bK${31 - i}`}`), 'Max-Forwards: 70',
      `Contact: <sip:amazinglylongcallername${'amazinglylongcallername'.repeat(4)}@host5.example.net>`, 'Content-Type: application/sdp', 'l: #',
    ], SDP),
    fields: { method: 'INVITE', fromTag: `12${'982'.repeat(50)}424`, body: SDP },
  },
  {
    name: 'dblreq', section: '3.1.1.8', asks: 'in a datagram, what comes after the body is ignored', fate: 'engine',
    message: bytes(lines(
      'REGISTER sip:example.com SIP/2.0', 'To: sip:j.user@example.com', 'From: sip:j.user@example.com;tag=43251j3j324', 'Max-Forwards: 8', 'I: dblreq.0ha0isndaksdj99sdfafnl3lk233412', 'Contact: sip:j.user@host.example.com', 'CSeq: 8 REGISTER',
      'Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492', 'Content-Length: 0', '', '', 'INVITE sip:joe@example.com SIP/2.0', 't: sip:joe@example.com', 'From: sip:caller@example.net;tag=141334', 'Max-Forwards: 8', 'Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15',
      'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234', 'Content-Type: application/sdp', `Content-Length: ${SDP.length}`, '', SDP,
    )),
    fields: { method: 'REGISTER', body: '', callId: 'dblreq.0ha0isndaksdj99sdfafnl3lk233412' },
  },
  {
    name: 'semiuri', section: '3.1.1.9', asks: 'a semicolon before the @ belongs to the user', fate: 'engine',
    message: message([
      'OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0', 'To: sip:j_user@example.com', 'From: sip:caller@example.org;tag=33242', 'Max-Forwards: 3', 'Call-ID: semiuri.0ha0isndaksdj', 'CSeq: 8 OPTIONS', 'Accept: application/sdp, application/pkcs7-mime, multipart/mixed, multipart/signed, message/sip, message/sipfrag',
      'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw', 'l: 0',
    ]),
    fields: { uri: 'sip:user;par=u%40example.net@example.com' },
  },
  {
    name: 'transports', section: '3.1.1.10', asks: 'Vias of any transport are understood', fate: 'engine',
    message: message([
      'OPTIONS sip:user@example.com SIP/2.0', 'To: sip:user@example.com', 'From: <sip:caller@example.com>;tag=323', 'Max-Forwards: 70', 'Call-ID: transports.kijh4akdnaqjkwendsasfdj', 'Accept: application/sdp', 'CSeq: 60 OPTIONS',
      'Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw', 'Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf', 'Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj', 'Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en', 'Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee', 'l: 0',
    ]),
  },
  {
    name: 'mpart01', section: '3.1.1.11', asks: 'a body of several parts, one of them binary, is framed by its length', fate: 'engine',
    message: Buffer.concat([
      bytes(lines(
        'MESSAGE sip:kumiko@example.org SIP/2.0', 'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport', 'Max-Forwards: 70', 'Route: <sip:127.0.0.1:5080>', 'Contact: <sip:fluffy@127.0.0.1:5070>', 'To: <sip:kumiko@example.org>', 'From: <sip:fluffy@example.com>;tag=2fb0dcc9',
        'Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..', 'CSeq: 1 MESSAGE', 'Content-Transfer-Encoding: binary', 'Content-Type: multipart/mixed;boundary=7a9cbec02ceef655', 'Date: Sat, 15 Oct 2005 04:44:56 GMT', `Content-Length: ${SIGNED.length}`, '', '',
      )), SIGNED, bytes('what does not belong to it'),
    ]),
    fields: { method: 'MESSAGE', body: SIGNED.toString('utf8') },
  },
  {
    name: 'unreason', section: '3.1.1.12', asks: 'a reason phrase may be any UTF-8 text', fate: 'taken',
    message: message([
      'SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое', 'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923', 'Call-ID: unreason.1234ksdfak3j2erwedfsASdf', 'CSeq: 35 INVITE', 'From: sip:user@example.com;tag=11141343', 'To: sip:user@example.edu;tag=2229',
      'Content-Length: #', 'Content-Type: application/sdp', 'Contact: <sip:user@host198.example.com>',
    ], SDP),
    fields: { status: 200, reason: '= 2**3 * 5**2 но сто девяносто девять - простое' },
  },
  {
    name: 'noreason', section: '3.1.1.13', asks: 'a reason phrase may be empty', fate: 'taken',
    message: message([
      'SIP/2.0 100 ', 'Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe', 'Call-ID: noreason.asndj203insdf99223ndf', 'CSeq: 35 INVITE', 'From: <sip:user@example.com>;tag=39ansfi3', 'To: <sip:user@example.edu>;tag=902jndnke3', 'Content-Length: 0', 'Contact: <sip:user@host105.example.com>',
    ]),
    fields: { status: 100, reason: '' },
  },
];

const INVALID: readonly Torture[] = [
  {
    name: 'badinv01', section: '3.1.2.1', asks: '400 for separators with nothing between them', fate: 400,
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'To: sip:j.user@example.com', 'From: sip:caller@example.net;tag=134161461246', 'Max-Forwards: 7', 'Call-ID: badinv01.0ha0isndaksdjasdf3234nas', 'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,', 'Contact: "Joe" <sip:joe@example.org>;;;;',
      'Content-Length: #', 'Content-Type: application/sdp',
    ], SDP),
  },
  {
    name: 'clerr', section: '3.1.2.2', asks: '400 for a body shorter than Content-Length', fate: 400,
    message: bytes(`${lines(
      'INVITE sip:user@example.com SIP/2.0', 'Max-Forwards: 80', 'To: sip:j.user@example.com', 'From: sip:caller@example.net;tag=93942939o2', 'Contact: <sip:caller@hungry.example.net>', 'Call-ID: clerr.0ha0isndaksdjweiafasdk3', 'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523',
      'Content-Type: application/sdp', 'Content-Length: 9999', '', '',
    )}${SDP}`),
  },
  {
    name: 'ncl', section: '3.1.2.3', asks: '400 for a negative Content-Length', fate: 400,
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'Max-Forwards: 254', 'To: sip:j.user@example.com', 'From: sip:caller@example.net;tag=32394234', 'Call-ID: ncl.0ha0isndaksdj2193423r542w35', 'CSeq: 0 INVITE', 'Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw', 'Contact: <sip:caller@example53.example.net>',
      'Content-Type: application/sdp', 'Content-Length: -999',
    ], SDP),
  },
  {
    name: 'scalar02', section: '3.1.2.4', asks: '400 for numbers that do not fit', fate: 400,
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3', 'To: <sip:user@example.com>', 'From: <sip:user@example.com>;tag=239232jh3', 'CSeq: 36893488147419103232 REGISTER', 'Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32', 'Max-Forwards: 300',
      `Expires: 1${'0'.repeat(100)}`, 'Contact: <sip:user@host129.example.com>', '  ;expires=280297596632815', 'Content-Length: 0',
    ]),
  },
  {
    name: 'scalarlg', section: '3.1.2.5', asks: 'a response whose numbers do not fit is dropped', fate: 'dropped',
    message: message([
      'SIP/2.0 503 Service Unavailable', 'Via: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129', 'To: <sip:user@example.com>', 'From: <sip:other@example.net>;tag=2easdjfejw', 'CSeq: 9292394834772304023312 OPTIONS', 'Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r',
      'Retry-After: 949302838503028349304023988', 'Warning: 1812 overture "In Progress"', 'Content-Length: 0',
    ]),
  },
  {
    name: 'quotbal', section: '3.1.2.6', asks: '400 for a quote that is never closed', fate: 400,
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'To: "Mr. J. User <sip:j.user@example.com>', 'From: sip:caller@example.net;tag=93334', 'Max-Forwards: 10', 'Call-ID: quotbal.aksdj', 'Contact: <sip:caller@host59.example.net>', 'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234', 'Content-Type: application/sdp', 'Content-Length: #',
    ], SDP),
  },
  {
    name: 'ltgtruri', section: '3.1.2.7', asks: '400 for a Request-URI in brackets', fate: 400,
    message: message([
      'INVITE <sip:user@example.com> SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=39291', 'Max-Forwards: 23', 'Call-ID: ltgtruri.1@192.0.2.5', 'CSeq: 1 INVITE', 'Via: SIP/2.0/UDP 192.0.2.5', 'Contact: <sip:caller@host5.example.net>', 'Content-Type: application/sdp', 'Content-Length: #',
    ], SDP),
  },
  {
    name: 'lwsruri', section: '3.1.2.8', asks: '400 for white space in the Request-URI', fate: 400,
    message: message([
      'INVITE sip:user@example.com; lr SIP/2.0', 'To: sip:user@example.com;tag=3xfe-9921883-z9f', 'From: sip:caller@example.net;tag=231413434', 'Max-Forwards: 5', 'Call-ID: lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423', 'CSeq: 2130706432 INVITE', 'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKkdjuw2395',
      'Contact: <sip:caller@host1.example.net>', 'Content-Type: application/sdp', 'Content-Length: #',
    ], SDP),
  },
  {
    name: 'lwsstart', section: '3.1.2.9', asks: '400 for more than one space in the start line', fate: 400,
    message: message([
      'INVITE  sip:user@example.com  SIP/2.0', 'Max-Forwards: 8', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=8814', 'Call-ID: lwsstart.dfknq234oi243099adsdfnawe3@example.com', 'CSeq: 1893884 INVITE', 'Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw3923', 'Contact: <sip:caller@host1.example.net>',
      'Content-Type: application/sdp', 'Content-Length: #',
    ], SDP),
  },
  {
    name: 'trws', section: '3.1.2.10', asks: '400 for spaces at the end of the start line', fate: 400,
    message: message([
      'OPTIONS sip:remote-target@example.com SIP/2.0  ', 'Via: SIP/2.0/TCP host1.examle.com;branch=z9hG4bK299342093', 'To: <sip:remote-target@example.com>', 'From: <sip:local-resource@example.com>;tag=329429089', 'Call-ID: trws.oicu34958239neffasdhr2345r', 'Accept: application/sdp', 'CSeq: 238923 OPTIONS', 'Max-Forwards: 70', 'Content-Length: 0',
    ]),
  },
  {
    name: 'escruri', section: '3.1.2.11', asks: '400 for headers in the Request-URI', fate: 400,
    message: message([
      'INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=341518', 'Max-Forwards: 7', 'Contact: <sip:caller@host39923.example.net>', 'Call-ID: escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5', 'CSeq: 149209342 INVITE',
      'Via: SIP/2.0/UDP host-of-the-hour.example.com;branch=z9hG4bKkdjuw', 'Content-Type: application/sdp', 'Content-Length: #',
    ], SDP),
  },
  {
    name: 'baddate', section: '3.1.2.12', asks: 'a time zone other than GMT may be ignored by whoever does not need the date', fate: 'engine',
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=2234923', 'Max-Forwards: 70', 'Call-ID: baddate.239423mnsadf3j23lj42--sedfnm234', 'CSeq: 1392934 INVITE', 'Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw', 'Date: Fri, 01 Jan 2010 16:00:00 EST',
      'Contact: <sip:caller@host5.example.net>', 'Content-Type: application/sdp', 'Content-Length: #',
    ], SDP),
  },
  {
    name: 'regbadct', section: '3.1.2.13', asks: '400 for a Contact with a question mark and no brackets', fate: 400,
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'To: sip:user@example.com', 'From: sip:user@example.com;tag=998332', 'Max-Forwards: 70', 'Call-ID: regbadct.k345asrl3fdbv@10.0.0.1', 'CSeq: 1 REGISTER', 'Via: SIP/2.0/UDP 135.180.130.133:5060;branch=z9hG4bKkdjuw', 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E', 'l: 0',
    ]),
  },
  {
    name: 'badaspec', section: '3.1.2.14', asks: '400 for spaces within the brackets, or they are ignored', fate: 'engine',
    message: message([
      'OPTIONS sip:user@example.org SIP/2.0', 'Via: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdju43234', 'Max-Forwards: 70', 'From: "Bell, Alexander" <sip:a.g.bell@example.com>;tag=433423', 'To: "Watson, Thomas" < sip:t.watson@example.org >', 'Call-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3', 'Accept: application/sdp', 'CSeq: 3923239 OPTIONS', 'l: 0',
    ]),
  },
  {
    name: 'baddn', section: '3.1.2.15', asks: '400 for a display name that must be quoted and is not, or it is taken as it stands', fate: 400,
    message: message([
      'OPTIONS sip:t.watson@example.org SIP/2.0', 'Via: SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw', 'Max-Forwards: 70', 'From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43', 'To: Watson, Thomas <sip:t.watson@example.org>', 'Call-ID: baddn.31415@c.example.com', 'Accept: application/sdp', 'CSeq: 3923239 OPTIONS', 'l: 0',
    ]),
  },
  {
    name: 'badvers', section: '3.1.2.16', asks: '505 for a version nobody knows', fate: 505,
    message: message([
      'OPTIONS sip:t.watson@example.org SIP/7.0', 'Via: SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw', 'Max-Forwards: 70', 'From: A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe', 'To: T. Watson <sip:t.watson@example.org>', 'Call-ID: badvers.31417@c.example.com', 'CSeq: 1 OPTIONS', 'l: 0',
    ]),
  },
  {
    name: 'mismatch01', section: '3.1.2.17', asks: '400 for a CSeq of another method', fate: 400,
    message: message([
      'OPTIONS sip:user@example.com SIP/2.0', 'To: sip:j.user@example.com', 'From: sip:caller@example.net;tag=34525', 'Max-Forwards: 6', 'Call-ID: mismatch01.dj0234sxdfl3', 'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw', 'l: 0',
    ]),
  },
  {
    name: 'mismatch02', section: '3.1.2.18', asks: '400 or 501 for an unknown method with a CSeq of another', fate: 400,
    message: message([
      'NEWMETHOD sip:user@example.com SIP/2.0', 'To: sip:j.user@example.com', 'From: sip:caller@example.net;tag=34525', 'Max-Forwards: 6', 'Call-ID: mismatch02.dj0234sxdfl3', 'CSeq: 8 INVITE', 'Contact: <sip:caller@host.example.net>', 'Via: SIP/2.0/UDP host.example.net;branch=z9hG4bKkdjuw', 'Content-Type: application/sdp', 'l: #',
    ], SDP),
  },
  {
    name: 'bigcode', section: '3.1.2.19', asks: 'a response code that is none is dropped', fate: 'dropped',
    message: message([
      'SIP/2.0 4294967301 better not break the receiver', 'Via: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe', 'Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i', 'CSeq: 353494 INVITE', 'From: <sip:user@example.com>;tag=39ansfi3', 'To: <sip:user@example.edu>;tag=902jndnke3', 'Content-Length: 0', 'Contact: <sip:user@host105.example.com>',
    ]),
  },
];

const BEYOND: readonly Torture[] = [
  {
    name: 'badbranch', section: '3.2.1', asks: 'a branch that is the cookie alone names no transaction: matched as RFC 2543 did', fate: 'engine',
    message: message([
      'OPTIONS sip:user@example.com SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.org;tag=33242', 'Max-Forwards: 3', 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK', 'Accept: application/sdp', 'Call-ID: badbranch.sadonfo23i420jv0as0derf3j3n', 'CSeq: 8 OPTIONS', 'l: 0',
    ]),
  },
  {
    name: 'insuf', section: '3.3.1', asks: '400 without Call-ID, From or To', fate: 400,
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'CSeq: 193942 INVITE', 'Via: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf', 'Content-Type: application/sdp', 'l: #',
    ], SDP),
  },
  {
    name: 'unkscm', section: '3.3.2', asks: '416 for a scheme nobody knows', fate: 416,
    message: message([
      'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=384', 'Max-Forwards: 3', 'Call-ID: unkscm.nasdfasser0q239nwsdfasdkl34', 'CSeq: 3923423 OPTIONS', 'Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234', 'Content-Length: 0',
    ]),
  },
  {
    name: 'novelsc', section: '3.3.3', asks: '416 for a scheme that is no address to call', fate: 416,
    message: message([
      'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=384', 'Max-Forwards: 3', 'Call-ID: novelsc.asdfasser0q239nwsdfasdkl34', 'CSeq: 3923423 OPTIONS', 'Via: SIP/2.0/TCP host9.example.com;branch=z9hG4bKkdjuw39234', 'Content-Length: 0',
    ]),
  },
  {
    name: 'unksm2', section: '3.3.4', asks: 'a registrar answers 400 where To is no SIP address', fate: 400,
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'To: isbn:2983792873', 'From: <http://www.example.com>;tag=3234233', 'Call-ID: unksm2.daksdj@hyphenated-host.example.com', 'CSeq: 234902 REGISTER', 'Max-Forwards: 70', 'Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw', 'Contact: <name:John_Smith>', 'l: 0',
    ]),
  },
  {
    name: 'bext01', section: '3.3.5', asks: '420 naming what Require asks for', fate: 420,
    message: message([
      'OPTIONS sip:user@example.com SIP/2.0', 'To: sip:j_user@example.com', 'From: sip:caller@example.net;tag=242etr', 'Max-Forwards: 6', 'Call-ID: bext01.0ha0isndaksdj', 'Require: nothingSupportsThis, nothingSupportsThisEither', 'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis', 'CSeq: 8 OPTIONS',
      'Via: SIP/2.0/TLS fold-and-staple.example.com;branch=z9hG4bKkdjuw', 'Content-Length: 0',
    ]),
  },
  {
    name: 'invut', section: '3.3.6', asks: '415 for a body of unknown kind, which is the engine\'s to say', fate: 'engine',
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'Contact: <sip:caller@host5.example.net>', 'To: sip:j.user@example.com', 'From: sip:caller@example.net;tag=8392034', 'Max-Forwards: 70', 'Call-ID: invut.0ha0isndaksdjadsfij34n23d', 'CSeq: 235448 INVITE', 'Via: SIP/2.0/UDP somehost.example.com;branch=z9hG4bKkdjuw',
      'Content-Type: application/unknownformat', 'Content-Length: #',
    ], lines('<audio>', ' <pcmu port="443"/>', '</audio>', '')),
  },
  {
    name: 'regaut01', section: '3.3.7', asks: 'credentials of a scheme nobody knows are as none, which is the engine\'s to say', fate: 'engine',
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'To: sip:j.user@example.com', 'From: sip:j.user@example.com;tag=87321hj23128', 'Max-Forwards: 8', 'Call-ID: regaut01.0ha0isndaksdj', 'CSeq: 9338 REGISTER', 'Via: SIP/2.0/TCP 192.0.2.253;branch=z9hG4bKkdjuw', 'Authorization: NoOneKnowsThisScheme opaque-data=here', 'Content-Length:0',
    ]),
    values: { authorization: ['NoOneKnowsThisScheme opaque-data=here'] },
  },
  {
    name: 'multi01', section: '3.3.8', asks: '400 for a header twice that may be there once', fate: 400,
    message: message([
      'INVITE sip:user@company.com SIP/2.0', 'Contact: <sip:caller@host25.example.net>', 'Via: SIP/2.0/UDP 192.0.2.25;branch=z9hG4bKkdjuw', 'Max-Forwards: 70', 'CSeq: 5 INVITE', 'Call-ID: multi01.98asdh@192.0.2.1', 'CSeq: 59 INVITE', 'Call-ID: multi01.98asdh@192.0.2.2', 'From: sip:caller@example.com;tag=3413415', 'To: sip:user@example.com', 'To: sip:other@example.net',
      'From: sip:caller@example.net;tag=2923420123', 'Content-Type: application/sdp', 'l: #', 'Contact: <sip:caller@host36.example.net>', 'Max-Forwards: 5',
    ], SDP),
  },
  {
    name: 'mcl01', section: '3.3.9', asks: '400 for two Content-Lengths', fate: 400,
    message: bytes(`${lines(
      'OPTIONS sip:user@example.com SIP/2.0', 'Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK293423', 'To: sip:user@example.com', 'From: sip:other@example.net;tag=3923942', 'Call-ID: mcl01.fhn2323orihawfdoa3o4r52o3irsdf', 'CSeq: 15932 OPTIONS', 'Content-Length: 13', 'Max-Forwards: 60', 'Content-Length: 5', 'Content-Type: text/plain', '', '',
    )}There's no way to know how many octets are supposed to be here.`),
  },
  {
    name: 'bcast', section: '3.3.10', asks: 'a response with a Via that is not ours goes nowhere', fate: 'taken',
    message: message([
      'SIP/2.0 200 OK', 'Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923', 'Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23', 'Call-ID: bcast.0384840201234ksdfak3j2erwedfsASdf', 'CSeq: 35 INVITE', 'From: sip:user@example.com;tag=11141343', 'To: sip:user@example.edu;tag=2229', 'Content-Length: #', 'Content-Type: application/sdp',
      'Contact: <sip:user@host28.example.com>',
    ], SDP),
  },
  {
    name: 'zeromf', section: '3.3.11', asks: '483 of whoever hands it on, as we do', fate: 483,
    message: message([
      'OPTIONS sip:user@example.com SIP/2.0', 'To: sip:user@example.com', 'From: sip:caller@example.net;tag=3ghsd41', 'Call-ID: zeromf.jfasdlfnm2o2l43r5u0asdfas', 'CSeq: 39234321 OPTIONS', 'Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bKkdjuw2349i', 'Max-Forwards: 0', 'Content-Length: 0',
    ]),
  },
  {
    name: 'cparam01', section: '3.3.12', asks: 'without brackets, a parameter is the Contact header\'s', fate: 'engine',
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw', 'Max-Forwards: 70', 'From: sip:watson@example.com;tag=DkfVgjkrtMwaerKKpe', 'To: sip:watson@example.com', 'Call-ID: cparam01.70710@saturn.example.com', 'CSeq: 2 REGISTER', 'Contact: sip:+19725552222@gw1.example.net;unknownparam', 'l: 0',
    ]),
    values: { contact: ['sip:+19725552222@gw1.example.net;unknownparam'] },
  },
  {
    name: 'cparam02', section: '3.3.13', asks: 'within brackets, a parameter is the URI\'s', fate: 'engine',
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'Via: SIP/2.0/UDP saturn.example.com:5060;branch=z9hG4bKkdjuw', 'Max-Forwards: 70', 'From: sip:watson@example.com;tag=838293', 'To: sip:watson@example.com', 'Call-ID: cparam02.70710@saturn.example.com', 'CSeq: 3 REGISTER', 'Contact: <sip:+19725552222@gw1.example.net;unknownparam>', 'l: 0',
    ]),
    values: { contact: ['<sip:+19725552222@gw1.example.net;unknownparam>'] },
  },
  {
    name: 'regescrt', section: '3.3.14', asks: 'a Contact may carry headers within its brackets', fate: 'engine',
    message: message([
      'REGISTER sip:example.com SIP/2.0', 'To: sip:user@example.com', 'From: sip:user@example.com;tag=8', 'Max-Forwards: 70', 'Call-ID: regescrt.k345asrl3fdbv@192.0.2.1', 'CSeq: 14398234 REGISTER', 'Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw', 'M: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>', 'L:0',
    ]),
    values: { contact: ['<sip:user@example.com?Route=%3Csip:sip.example.com%3E>'] },
  },
  {
    name: 'sdp01', section: '3.3.15', asks: '406 where the answer may not be SDP', fate: 406,
    message: message([
      'INVITE sip:user@example.com SIP/2.0', 'To: sip:j_user@example.com', 'Contact: <sip:caller@host15.example.net>', 'From: sip:caller@example.net;tag=234', 'Max-Forwards: 5', 'Call-ID: sdp01.ndaksdj9342dasdd', 'Accept: text/nobodyKnowsThis', 'CSeq: 8 INVITE', 'Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw', 'Content-Length: #', 'Content-Type: application/sdp',
    ], SDP),
  },
  {
    name: 'inv2543', section: '3.4.1', asks: 'accepted by whoever cares for RFC 2543, which we do not: without a Contact there is no dialog', fate: 400,
    message: message([
      'INVITE sip:UserB@example.com SIP/2.0', 'Via: SIP/2.0/UDP iftgw.example.com', 'From: <sip:+13035551111@ift.client.example.net;user=phone>', 'Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>', 'To: sip:+16505552222@ss1.example.net;user=phone', 'Call-ID: inv2543.1717@ift.client.example.com', 'CSeq: 56 INVITE', 'Content-Type: application/sdp',
    ], SDP),
  },
];

export const TORTURE: readonly Torture[] = [...VALID, ...INVALID, ...BEYOND];
