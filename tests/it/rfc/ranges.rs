//! RFC 9110, section 14: range requests. /a.txt has 10 bytes, /long.txt 1000, /large.bin 300,000 that are sent from the
//! disk.

use super::notation::*;

/// A GET of that file with this Range.
fn of(path: &str, range: &str) -> Input {
    request(&format!("GET /{path} HTTP/1.1"), &format!("Range: {range}"))
}

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> { vec![
    // RFC 9110, section 14.1: range units
    row("9110/14.1", "another unit is ignored",                   get("Range: items=0-1"),  ok()),
    row("9110/14.1", "no unit is ignored",                        get("Range: 0-1"),        ok()),
    row("9110/14.1", "an empty unit is ignored",                  get("Range: =0-1"),       ok()),
    row("9110/14.1", "the unit in capitals",                      get("Range: BYTES=2-4"),  part("2-4")),
    row("9110/14.1", "a space before the equals sign is ignored", get("Range: bytes =2-4"), ok()),
    row("9110/14.1", "a space for the equals sign is ignored",    get("Range: bytes 2-4"),  ok()),

    // RFC 9110, section 14.1.1 and 14.1.2: int-range and suffix-range
    row("9110/14.1.1", "the last before the first",               get("Range: bytes=4-2"),                             ok()),
    row("9110/14.1.1", "a number that is none",                   get("Range: bytes=a-b"),                             ok()),
    row("9110/14.1.1", "a plus sign",                             get("Range: bytes=+2-4"),                            ok()),
    row("9110/14.1.1", "two dashes",                              get("Range: bytes=2--4"),                            ok()),
    row("9110/14.1.1", "a dash alone",                            get("Range: bytes=-"),                               ok()),
    row("9110/14.1.1", "a number alone",                          get("Range: bytes=2"),                               ok()),
    row("9110/14.1.1", "three numbers",                           get("Range: bytes=2-4-6"),                           ok()),
    row("9110/14.1.1", "spaces within",                           get("Range: bytes=2 - 4"),                           ok()),
    row("9110/14.1.1", "hexadecimal",                             get("Range: bytes=0x2-0x4"),                         ok()),
    row("9110/14.1.1", "nothing",                                 get("Range: bytes="),                                ok()),
    row("9110/14.1.1", "an empty list",                           get("Range: bytes=,"),                               ok()),
    row("9110/14.1.1", "an empty Range",                          get("Range:"),                                       ok()),
    row("9110/14.1.1", "one of two is malformed",                 get("Range: bytes=2-4,x"),                           ok()),
    row("9110/14.1.2", "from the first byte to the first",        get("Range: bytes=0-0"),                             part("0-0")),
    row("9110/14.1.2", "a few bytes",                             get("Range: bytes=2-4"),                             part("2-4")),
    row("9110/14.1.2", "the last byte",                           get("Range: bytes=9-9"),                             part("9-9")),
    row("9110/14.1.2", "everything",                              get("Range: bytes=0-9"),                             part("0-9")),
    row("9110/14.1.2", "beyond the end",                          get("Range: bytes=5-99"),                            part("5-9")),
    row("9110/14.1.2", "beyond 64 bits",                          get("Range: bytes=5-99999999999999999999999999"),    part("5-9")),
    row("9110/14.1.2", "leading zeros",                           get("Range: bytes=0002-00000000000000000000000004"), part("2-4")),
    row("9110/14.1.2", "open, from the start",                    get("Range: bytes=0-"),                              part("0-9")),
    row("9110/14.1.2", "open, from the middle",                   get("Range: bytes=7-"),                              part("7-9")),
    row("9110/14.1.2", "the last three",                          get("Range: bytes=-3"),                              part("7-9")),
    row("9110/14.1.2", "the last hundred of ten",                 get("Range: bytes=-100"),                            part("0-9")),
    row("9110/14.1.2", "the last ones beyond 64 bits",            get("Range: bytes=-99999999999999999999999999"),     part("0-9")),
    row("9110/14.1.2", "none of the last ones",                   get("Range: bytes=-0"),                              unsatisfiable("a.txt")),
    row("9110/14.1.2", "behind the end",                          get("Range: bytes=10-"),                             unsatisfiable("a.txt")),
    row("9110/14.1.2", "behind the end, closed",                  get("Range: bytes=10-20"),                           unsatisfiable("a.txt")),
    row("9110/14.1.2", "behind the end beyond 64 bits",           get("Range: bytes=99999999999999999999999999-"),     unsatisfiable("a.txt")),
    row("9110/14.1.2", "two behind the end",                      get("Range: bytes=10-,20-30"),                       unsatisfiable("a.txt")),
    row("9110/14.1.2", "of an empty file, from the start",        of("empty.txt", "bytes=0-"),                         unsatisfiable("empty.txt")),
    row("9110/14.1.2", "of an empty file, the first byte",        of("empty.txt", "bytes=0-0"),                        unsatisfiable("empty.txt")),
    row("9110/14.1.2", "of an empty file, none of the last ones", of("empty.txt", "bytes=-0"),                         unsatisfiable("empty.txt")),
    row("9110/14.1.2", "of an empty file, the last one, which is the whole", of("empty.txt", "bytes=-1"),              found("empty.txt")),
    row("9110/14.1.2", "white space around",                      get("Range: bytes= 2-4 "),                           part("2-4")),
    row("9110/14.1.2", "empty elements around",                   get("Range: bytes=,,2-4,"),                          part("2-4")),

    // RFC 9110, section 14.2: Range
    row("9110/14.2", "Range of a HEAD is ignored",                   request("HEAD /a.txt HTTP/1.1", "Range: bytes=2-4"),    ok().head()),
    row("9110/14.2", "Range of a HEAD that there is not is ignored", request("HEAD /a.txt HTTP/1.1", "Range: bytes=10-"),    ok().head()),
    row("9110/14.2", "Range of a POST is ignored",                   request("POST /a.txt HTTP/1.1", "Range: bytes=2-4"),    not_allowed()),
    row("9110/14.2", "Range of an OPTIONS is ignored",               request("OPTIONS /a.txt HTTP/1.1", "Range: bytes=2-4"), options()),
    row("9110/14.2", "Range of what is not there is ignored",        of("missing", "bytes=2-4"),                             missing()),
    row("9110/14.2", "Range of a redirect is ignored",               of("sub", "bytes=2-4"),                                 moved("/sub/")),
    row("9110/14.2", "Range counts in 1.0",                          request("GET /a.txt HTTP/1.0", "Range: bytes=2-4"),     part("2-4").closes()),
    row("9110/14.2", "Range that is repeated is ignored",            get("Range: bytes=2-4\r\nRange: bytes=2-4"),            ok()),
    row("9110/14.2", "Request-Range is no field of ours",            get("Request-Range: bytes=2-4"),                        ok()),
    row("9110/14.2", "Range of an index",                            request("GET / HTTP/1.1", "Range: bytes=0-2"),          part_of("index.html", "0-2")),
    row("9110/14.2", "Range of a file on the disk",                  of("large.bin", "bytes=299990-"),                       part_of("large.bin", "299990-299999")),
    row("9110/14.2", "the last byte of a file on the disk",          of("large.bin", "bytes=-1"),                            part_of("large.bin", "299999-299999")),
    row("9110/14.2", "behind the end of a file on the disk",         of("large.bin", "bytes=300000-"),                       unsatisfiable("large.bin")),
    row("9110/14.2", "one of two there is not",                      of("long.txt", "bytes=0-9,1000-"),                      part_of("long.txt", "0-9")),
    row("9110/14.2", "two that overlap",                             of("long.txt", "bytes=0-99,50-149"),                    part_of("long.txt", "0-149")),
    row("9110/14.2", "two that touch",                               of("long.txt", "bytes=0-99,100-199"),                   part_of("long.txt", "0-199")),
    row("9110/14.2", "two with a small gap, in the wrong order",     of("long.txt", "bytes=110-119,0-99"),                   part_of("long.txt", "0-119")),
    row("9110/14.2", "the same twice",                               of("long.txt", "bytes=5-9,5-9"),                        part_of("long.txt", "5-9")),
    row("9110/14.2", "everything twice is abuse",                    of("long.txt", "bytes=0-,0-"),                          found("long.txt")),
    row("9110/14.2", "everything and a byte is abuse",               of("long.txt", "bytes=0-999,5-5"),                      found("long.txt")),
    row("9110/14.2", "five hundred times everything is abuse",       of("long.txt", &format!("bytes={}", vec!["0-"; 500].join(","))), found("long.txt")),
    row("9110/14.2", "201 ranges are abuse",                         of("long.txt", &format!("bytes={}", vec!["0-0"; 201].join(","))), found("long.txt")),

    // RFC 9110, sections 14.3 and 14.4: Accept-Ranges and Content-Range
    row("9110/14.3", "a file says that it has ranges",                 get(""),                            ok()),
    row("9110/14.4", "Content-Range of a request is not looked at",    get("Content-Range: bytes 0-1/10"), ok()),
    row("9110/14.4", "the complete length where nothing is satisfied", of("long.txt", "bytes=1000-"),      unsatisfiable("long.txt")),
    row("9110/14.4", "the connection stays behind a 416",              get("Range: bytes=10-") + get(""),  unsatisfiable("a.txt").then(ok())),

    // RFC 9110, section 14.6: multipart/byteranges
    row("9110/14.6", "two parts",                   of("long.txt", "bytes=0-9,500-509"),            parts_of("long.txt", &["0-9", "500-509"])),
    row("9110/14.6", "in the order of the request", of("long.txt", "bytes=500-509,0-9"),            parts_of("long.txt", &["500-509", "0-9"])),
    row("9110/14.6", "the first and the last byte", of("long.txt", "bytes=0-0,-1"),                 parts_of("long.txt", &["0-0", "999-999"])),
    row("9110/14.6", "an open part",                of("long.txt", "bytes=0-0, 990-"),              parts_of("long.txt", &["0-0", "990-999"])),
    row("9110/14.6", "one of three there is not",   of("long.txt", "bytes=0-9,2000-,500-509"),      parts_of("long.txt", &["0-9", "500-509"])),
    row("9110/14.6", "two of three are joined",     of("long.txt", "bytes=500-509,0-9,505-514"),    parts_of("long.txt", &["500-514", "0-9"])),
    row("9110/14.6", "a gap as large as a head",    of("long.txt", "bytes=0-9,91-99"),              parts_of("long.txt", &["0-9", "91-99"])),
    row("9110/14.6", "a smaller gap",               of("long.txt", "bytes=0-9,90-99"),              part_of("long.txt", "0-99")),
    row("9110/14.6", "a dozen small parts",         of("large.bin", "bytes=0-0,1000-1000,2000-2000,3000-3000,4000-4000,5000-5000,6000-6000,7000-7000,8000-8000,9000-9000,10000-10000,11000-11000"), parts_of("large.bin", &["0-0", "1000-1000", "2000-2000", "3000-3000", "4000-4000", "5000-5000", "6000-6000", "7000-7000", "8000-8000", "9000-9000", "10000-10000", "11000-11000"])),
    row("9110/14.6", "parts of a file on the disk", of("large.bin", "bytes=0-99,100000-199999,-1"), parts_of("large.bin", &["0-99", "100000-199999", "299999-299999"])),
    row("9110/14.6", "parts under If-Range",        request("GET /a.txt HTTP/1.1", "If-Range: <tag>\r\nRange: bytes=0-0,9-9"), part("0-9")),
    row("9110/14.6", "parts in 1.0",                request("GET /long.txt HTTP/1.0", "Range: bytes=0-9,500-509"), parts_of("long.txt", &["0-9", "500-509"]).closes()),
    row("9110/14.6", "parts and then a request",    of("long.txt", "bytes=0-9,500-509") + get(""),  parts_of("long.txt", &["0-9", "500-509"]).then(ok())),
    row("9110/14.6", "a HEAD has no parts",         request("HEAD /long.txt HTTP/1.1", "Range: bytes=0-9,500-509"), found("long.txt").head()),
] }
