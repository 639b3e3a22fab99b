//! Status codes (RFC 9110, section 15) with their status lines, encoded once by the compiler.

macro_rules! statuses {
    ($($name:ident = $code:literal $phrase:literal,)*) => {
        /// A status code that this server sends.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Status {
            $(#[doc = concat!($code, " ", $phrase)] $name = $code,)*
        }

        impl Status {
            /// The status line with its CRLF.
            pub const fn line(self) -> &'static [u8] {
                match self {
                    $(Self::$name => concat!("HTTP/1.1 ", $code, " ", $phrase, "\r\n").as_bytes(),)*
                }
            }

            /// The reason phrase: `Not Found`.
            pub const fn phrase(self) -> &'static str {
                match self {
                    $(Self::$name => $phrase,)*
                }
            }
        }
    };
}

statuses! {
    Ok = 200 "OK",
    NoContent = 204 "No Content",
    PartialContent = 206 "Partial Content",
    MovedPermanently = 301 "Moved Permanently",
    Found = 302 "Found",
    SeeOther = 303 "See Other",
    NotModified = 304 "Not Modified",
    TemporaryRedirect = 307 "Temporary Redirect",
    PermanentRedirect = 308 "Permanent Redirect",
    BadRequest = 400 "Bad Request",
    Forbidden = 403 "Forbidden",
    NotFound = 404 "Not Found",
    MethodNotAllowed = 405 "Method Not Allowed",
    RequestTimeout = 408 "Request Timeout",
    PreconditionFailed = 412 "Precondition Failed",
    ContentTooLarge = 413 "Content Too Large",
    UriTooLong = 414 "URI Too Long",
    RangeNotSatisfiable = 416 "Range Not Satisfiable",
    ExpectationFailed = 417 "Expectation Failed",
    MisdirectedRequest = 421 "Misdirected Request",
    RequestHeaderFieldsTooLarge = 431 "Request Header Fields Too Large",
    InternalServerError = 500 "Internal Server Error",
    NotImplemented = 501 "Not Implemented",
    ServiceUnavailable = 503 "Service Unavailable",
    HttpVersionNotSupported = 505 "HTTP Version Not Supported",
}

impl Status {
    /// The code as a number: 404.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Whether a response of this status never has content (RFC 9110, sections 15.3.5 and 15.4.5).
    pub const fn is_without_content(self) -> bool {
        matches!(self, Self::NoContent | Self::NotModified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_code_and_phrase_agree() {
        assert_eq!(Status::NotFound.line(), b"HTTP/1.1 404 Not Found\r\n");
        assert_eq!(Status::NotFound.code(), 404);
        assert_eq!(Status::NotFound.phrase(), "Not Found");
    }
}
