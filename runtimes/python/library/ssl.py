"""TLS for connections of the sandbox, with the names of Python's own module.

The executor speaks it. It verifies every certificate, and the host's name in it; versions are
TLS 1.2 and 1.3. What it cannot do is said where it is asked for.
"""

import binascii
import errno
import os
import socket as _sockets
from collections import namedtuple
from enum import Enum, IntEnum, IntFlag
from socket import SOCK_STREAM, SO_TYPE, SOL_SOCKET, create_connection, socket

from _sluice_sockets import _milliseconds, error_of
from sluice_runtime.results import Err
from wit_world.imports import outbound as _host

# Libraries look whether it begins with OpenSSL's name, and at which version it is like.
OPENSSL_VERSION_INFO = (3, 0, 0, 0, 0)
OPENSSL_VERSION_NUMBER = 0x30000000
OPENSSL_VERSION = "OpenSSL 3.0.0 (rustls, of Sluice)"
_OPENSSL_API_VERSION = OPENSSL_VERSION_INFO

HAS_SNI = HAS_ALPN = HAS_ECDH = HAS_TLSv1_2 = HAS_TLSv1_3 = HAS_NEVER_CHECK_COMMON_NAME = True
HAS_NPN = HAS_SSLv2 = HAS_SSLv3 = HAS_TLSv1 = HAS_TLSv1_1 = HAS_PSK = False
CHANNEL_BINDING_TYPES = []


class _SSLMethod(IntEnum):
    PROTOCOL_SSLv23 = PROTOCOL_TLS = 2
    PROTOCOL_TLSv1 = 3
    PROTOCOL_TLSv1_1 = 4
    PROTOCOL_TLSv1_2 = 5
    PROTOCOL_TLS_CLIENT = 16
    PROTOCOL_TLS_SERVER = 17


class Options(IntFlag):
    OP_LEGACY_SERVER_CONNECT = 0x4
    OP_IGNORE_UNEXPECTED_EOF = 0x80
    OP_ENABLE_KTLS = 0x8
    OP_NO_TICKET = 0x4000
    OP_NO_COMPRESSION = 0x20000
    OP_ENABLE_MIDDLEBOX_COMPAT = 0x100000
    OP_CIPHER_SERVER_PREFERENCE = 0x400000
    OP_NO_SSLv2 = 0x0
    OP_NO_SSLv3 = 0x2000000
    OP_NO_TLSv1 = 0x4000000
    OP_NO_TLSv1_2 = 0x8000000
    OP_NO_TLSv1_1 = 0x10000000
    OP_NO_TLSv1_3 = 0x20000000
    OP_NO_RENEGOTIATION = 0x40000000
    OP_SINGLE_DH_USE = 0x0
    OP_SINGLE_ECDH_USE = 0x0
    OP_ALL = 0x80000050


class VerifyMode(IntEnum):
    CERT_NONE = 0
    CERT_OPTIONAL = 1
    CERT_REQUIRED = 2


class VerifyFlags(IntFlag):
    VERIFY_DEFAULT = 0
    VERIFY_CRL_CHECK_LEAF = 0x4
    VERIFY_CRL_CHECK_CHAIN = 0xC
    VERIFY_X509_STRICT = 0x20
    VERIFY_ALLOW_PROXY_CERTS = 0x40
    VERIFY_X509_TRUSTED_FIRST = 0x8000
    VERIFY_X509_PARTIAL_CHAIN = 0x80000


class TLSVersion(IntEnum):
    MINIMUM_SUPPORTED = -2
    SSLv3 = 0x300
    TLSv1 = 0x301
    TLSv1_1 = 0x302
    TLSv1_2 = 0x303
    TLSv1_3 = 0x304
    MAXIMUM_SUPPORTED = -1


class SSLErrorNumber(IntEnum):
    SSL_ERROR_SSL = 1
    SSL_ERROR_WANT_READ = 2
    SSL_ERROR_WANT_WRITE = 3
    SSL_ERROR_WANT_X509_LOOKUP = 4
    SSL_ERROR_SYSCALL = 5
    SSL_ERROR_ZERO_RETURN = 6
    SSL_ERROR_WANT_CONNECT = 7
    SSL_ERROR_EOF = 8
    SSL_ERROR_INVALID_ERROR_CODE = 10


for _names in (_SSLMethod, Options, VerifyMode, VerifyFlags, SSLErrorNumber):
    globals().update(_names.__members__)

_PROTOCOL_NAMES = {value: name for name, value in _SSLMethod.__members__.items()}
_ASN1Object = namedtuple("_ASN1Object", "nid shortname longname oid")


class Purpose(_ASN1Object, Enum):
    """What a certificate is for."""

    SERVER_AUTH = 129, "serverAuth", "TLS Web Server Authentication", "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTH = 130, "clientAuth", "TLS Web Client Authentication", "1.3.6.1.5.5.7.3.2"


class SSLError(OSError):
    """TLS did not come about, or ended."""

    library = reason = None

    def __str__(self):
        return str(self.strerror or (self.args[0] if self.args else ""))


class SSLZeroReturnError(SSLError):
    """The other side has ended TLS."""


class SSLWantReadError(SSLError):
    """There is nothing to read yet."""


class SSLWantWriteError(SSLError):
    """There is no room to write yet."""


class SSLSyscallError(SSLError):
    """The connection below failed."""


class SSLEOFError(SSLError):
    """The connection below ended."""


class SSLCertVerificationError(SSLError, ValueError):
    """The certificate of the host cannot be trusted."""

    verify_code, verify_message = 1, ""


CertificateError = SSLCertVerificationError

_ALWAYS_VERIFIES = (
    "Sluice verifies every certificate, and this cannot be switched off: to trust a certificate of "
    "your own, give its authority to load_verify_locations"
)
_NO_OWN_CERTIFICATES = "Sluice's sandbox has no client certificates"
_NO_SERVER = "Sluice's sandbox speaks TLS to other hosts only: a function cannot take connections"


def _cannot(sentence):
    return SSLError(errno.EOPNOTSUPP, sentence)


def _error_of(failure):
    kind, reason = failure.value.kind, failure.value.reason
    if kind == _host.ErrorKind.CERTIFICATE:
        error = SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {reason}")
        error.library, error.reason, error.verify_message = "SSL", "CERTIFICATE_VERIFY_FAILED", reason
        return error
    if kind == _host.ErrorKind.TLS:
        error = SSLError(1, f"[SSL] {reason}")
        error.library, error.reason = "SSL", reason
        return error
    return error_of(failure)


class SSLSession:
    """Not here: each connection begins anew."""


class SSLContext:
    """How TLS is to be spoken."""

    sslsocket_class = None  # set below
    sslobject_class = None

    def __new__(cls, protocol=None, *args, **kwargs):
        self = super().__new__(cls)
        self.protocol = PROTOCOL_TLS if protocol is None else protocol
        self.options = Options.OP_ALL | Options.OP_NO_SSLv3 | Options.OP_NO_COMPRESSION
        self.verify_flags = VerifyFlags.VERIFY_X509_TRUSTED_FIRST
        self.post_handshake_auth = self.hostname_checks_common_name = False
        self.keylog_filename = self.sni_callback = None
        self.num_tickets, self.security_level = 2, 2
        self._minimum, self._maximum = TLSVersion.MINIMUM_SUPPORTED, TLSVersion.MAXIMUM_SUPPORTED
        self._alpn, self._authorities, self._trusts_machine = [], [], False
        return self

    def __init__(self, protocol=None):
        pass

    @property
    def verify_mode(self):
        return CERT_REQUIRED

    @verify_mode.setter
    def verify_mode(self, value):
        if value != CERT_REQUIRED:
            raise _cannot(_ALWAYS_VERIFIES)

    @property
    def check_hostname(self):
        return True

    @check_hostname.setter
    def check_hostname(self, value):
        if not value:
            raise _cannot(_ALWAYS_VERIFIES)

    @property
    def minimum_version(self):
        return self._minimum

    @minimum_version.setter
    def minimum_version(self, value):
        self._minimum = TLSVersion(value)

    @property
    def maximum_version(self):
        return self._maximum

    @maximum_version.setter
    def maximum_version(self, value):
        self._maximum = TLSVersion(value)

    def _may_be(self, version, off):
        least = self._minimum == TLSVersion.MINIMUM_SUPPORTED or self._minimum <= version
        most = self._maximum == TLSVersion.MAXIMUM_SUPPORTED or self._maximum >= version
        only = {PROTOCOL_TLSv1: 0, PROTOCOL_TLSv1_1: 0, PROTOCOL_TLSv1_2: TLSVersion.TLSv1_2}
        return least and most and not self.options & off and only.get(self.protocol, version) == version

    def load_default_certs(self, purpose=Purpose.SERVER_AUTH):
        """Trusts whom the machine of the server trusts."""
        self._trusts_machine = True

    set_default_verify_paths = load_default_certs

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        """Trusts the authorities of a file, of a folder's files or of a text."""
        if cafile is None and capath is None and cadata is None:
            raise TypeError("cafile, capath and cadata cannot be all omitted")
        parts = []
        if cafile is not None:
            with open(cafile, "rb") as file:
                parts.append(file.read())
        if capath is not None:
            for name in sorted(os.listdir(capath)):
                with open(os.path.join(os.fspath(capath), name), "rb") as file:
                    parts.append(file.read())
        if isinstance(cadata, str):
            parts.append(cadata.encode("ascii"))
        elif cadata is not None:
            # Certificates in DER, one after the other.
            parts += [DER_cert_to_PEM_cert(one).encode() for one in _in_der(bytes(cadata))]
        if not any(b"-----BEGIN CERTIFICATE-----" in part for part in parts):
            error = SSLError(136, "[X509: NO_CERTIFICATE_OR_CRL_FOUND] no certificate or crl found")
            error.library, error.reason = "X509", "NO_CERTIFICATE_OR_CRL_FOUND"
            raise error
        self._authorities += parts

    def cert_store_stats(self):
        count = sum(part.count(b"-----BEGIN CERTIFICATE-----") for part in self._authorities)
        return {"x509": count, "crl": 0, "x509_ca": count}

    def set_alpn_protocols(self, alpn_protocols):
        for name in alpn_protocols:
            if not 0 < len(name) < 256:
                raise SSLError("ALPN protocols must be 1 to 255 bytes long")
        self._alpn = [str(name) for name in alpn_protocols]

    def set_ciphers(self, ciphers):
        """Says nothing: all that the executor offers are strong."""

    def get_ciphers(self):
        return []

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        raise _cannot(_NO_OWN_CERTIFICATES)

    def wrap_socket(
        self, sock, server_side=False, do_handshake_on_connect=True, suppress_ragged_eofs=True,
        server_hostname=None, session=None,
    ):
        """TLS over a connection."""
        if server_side:
            raise _cannot(_NO_SERVER)
        if not server_hostname:
            raise ValueError("check_hostname requires server_hostname")
        return self.sslsocket_class._create(sock, self, do_handshake_on_connect, server_hostname)


class SSLSocket(socket):
    """A connection with TLS; `SSLContext.wrap_socket` makes it."""

    def __init__(self, *args, **kwargs):
        raise TypeError("SSLSocket does not have a public constructor. Instances are returned by SSLContext.wrap_socket().")

    @classmethod
    def _create(cls, sock, context, do_handshake_on_connect, server_hostname):
        if isinstance(sock, SSLSocket):
            raise _cannot("Sluice's sandbox speaks no TLS inside of TLS")
        if sock.getsockopt(SOL_SOCKET, SO_TYPE) != SOCK_STREAM:
            raise NotImplementedError("only stream sockets are supported")
        self = cls.__new__(cls)
        super(SSLSocket, self).__init__(sock.family, sock.type, sock.proto)
        self._context, self.server_side = context, False
        self.server_hostname = server_hostname if isinstance(server_hostname, str) else server_hostname.decode("ascii")
        self.do_handshake_on_connect = do_handshake_on_connect
        self._session = None
        sock._hand_over(self)
        if self._connection is not None and do_handshake_on_connect:
            try:
                self.do_handshake()
            except BaseException:
                self.close()
                raise
        return self

    def do_handshake(self, block=False):
        context, name = self._context, self.server_hostname
        options = _host.TlsOptions(
            server_name=name if name.isascii() else name.encode("idna").decode("ascii"),
            alpn=context._alpn,
            trusts_machine=context._trusts_machine,
            authorities=b"\n".join(context._authorities),
            tls12=context._may_be(TLSVersion.TLSv1_2, OP_NO_TLSv1_2),
            tls13=context._may_be(TLSVersion.TLSv1_3, OP_NO_TLSv1_3),
        )
        try:
            self._session = self._need().start_tls(options, _milliseconds(self.timeout or None))
        except Err as failure:
            raise _error_of(failure) from None

    def connect(self, address):
        super().connect(address)
        if self.do_handshake_on_connect:
            self.do_handshake()

    def connect_ex(self, address):
        number = super().connect_ex(address)
        if not number and self.do_handshake_on_connect:
            self.do_handshake()
        return number

    def read(self, len=1024, buffer=None):
        return self.recv(len) if buffer is None else self.recv_into(buffer, len)

    def write(self, data):
        return self.send(data)

    @property
    def context(self):
        return self._context

    @property
    def session(self):
        return None

    @property
    def session_reused(self):
        return None if self._session is None else False

    def getpeercert(self, binary_form=False):
        if self._session is None:
            raise ValueError("handshake not done yet")
        if not binary_form:
            raise _cannot("Sluice's sandbox gives certificates in binary form only: getpeercert(True)")
        return self._session.certificate

    def version(self):
        return None if self._session is None else self._session.version

    def cipher(self):
        if self._session is None:
            return None
        name = self._session.cipher
        return name, self._session.version, 256 if "256_GCM" in name or "CHACHA" in name else 128

    def shared_ciphers(self):
        return None

    def compression(self):
        return None

    def selected_alpn_protocol(self):
        return None if self._session is None else self._session.alpn

    def selected_npn_protocol(self):
        return None

    def get_channel_binding(self, cb_type="tls-unique"):
        raise ValueError(f"{cb_type} channel binding type not implemented")

    def pending(self):
        return 0

    def unwrap(self):
        raise _cannot("Sluice's sandbox does not take TLS off a connection: close it")

    def verify_client_post_handshake(self):
        raise _cannot(_NO_SERVER)

    def dup(self):
        raise NotImplementedError("Can't dup() SSLSocket instances")


SSLContext.sslsocket_class = SSLSocket


def create_default_context(purpose=Purpose.SERVER_AUTH, *, cafile=None, capath=None, cadata=None):
    """A context that trusts what is given, or else whom the machine trusts."""
    if purpose is not Purpose.SERVER_AUTH:
        raise _cannot(_NO_SERVER)
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    if cafile or capath or cadata:
        context.load_verify_locations(cafile, capath, cadata)
    else:
        context.load_default_certs()
    return context


def _create_unverified_context(protocol=None, **others):
    raise _cannot(_ALWAYS_VERIFIES)


_create_default_https_context = create_default_context


def _create_stdlib_context(
    protocol=PROTOCOL_TLS_CLIENT, *, cert_reqs=CERT_REQUIRED, check_hostname=True, purpose=Purpose.SERVER_AUTH,
    certfile=None, keyfile=None, cafile=None, capath=None, cadata=None,
):
    """What the mail libraries take by default; Python's own would verify nothing."""
    if certfile or keyfile:
        raise _cannot(_NO_OWN_CERTIFICATES)
    return create_default_context(purpose, cafile=cafile, capath=capath, cadata=cadata)


DefaultVerifyPaths = namedtuple(
    "DefaultVerifyPaths", "cafile capath openssl_cafile_env openssl_cafile openssl_capath_env openssl_capath"
)


def get_default_verify_paths():
    """No files: the executor knows whom the machine trusts."""
    return DefaultVerifyPaths(None, None, "SSL_CERT_FILE", "", "SSL_CERT_DIR", "")


def get_server_certificate(addr, ssl_version=PROTOCOL_TLS_CLIENT, ca_certs=None, timeout=_sockets._GLOBAL_DEFAULT_TIMEOUT):
    """The certificate of a host in PEM."""
    context = create_default_context(cafile=ca_certs)
    with create_connection(addr, timeout=timeout) as sock:
        with context.wrap_socket(sock, server_hostname=addr[0]) as tls:
            return DER_cert_to_PEM_cert(tls.getpeercert(True))


PEM_HEADER, PEM_FOOTER = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def DER_cert_to_PEM_cert(der_cert_bytes):
    """A certificate in PEM."""
    text = binascii.b2a_base64(der_cert_bytes, newline=False).decode("ascii")
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join([PEM_HEADER, *lines, PEM_FOOTER]) + "\n"


def PEM_cert_to_DER_cert(pem_cert_string):
    """A certificate in DER."""
    text = pem_cert_string.strip()
    if not text.startswith(PEM_HEADER):
        raise ValueError(f"Invalid PEM encoding; must start with {PEM_HEADER}")
    if not text.endswith(PEM_FOOTER):
        raise ValueError(f"Invalid PEM encoding; must end with {PEM_FOOTER}")
    return binascii.a2b_base64(text[len(PEM_HEADER) : -len(PEM_FOOTER)])


def _in_der(data):
    """The certificates of a row of them."""
    while data:
        length, start = data[1] if len(data) > 1 else 0, 2
        if length >= 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        yield data[: start + length]
        data = data[start + length :]


def cert_time_to_seconds(cert_time):
    """A date of a certificate, such as "Jan  5 09:34:43 2018 GMT", as seconds since 1970."""
    from calendar import timegm
    from time import strptime

    return timegm(strptime(cert_time, "%b %d %H:%M:%S %Y GMT"))


def get_protocol_name(protocol_code):
    return _PROTOCOL_NAMES.get(protocol_code, "<unknown>")


def RAND_bytes(n):
    return os.urandom(n)


def RAND_status():
    return True


def RAND_add(string, entropy):
    """Says nothing: the executor has better ones."""
