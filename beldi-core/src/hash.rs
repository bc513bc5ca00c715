//! A hash that the compiler can compute and that is the same in every build. It keeps nobody out: it tells apart.

/// FNV-1a of the bytes behind the first `from`.
pub(crate) const fn fnv1a(bytes: &[u8], from: usize) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = from;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn it_is_the_published_function() {
        assert_eq!(fnv1a(b"", 0), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar", 0), 0x8594_4171_f739_67e8);
        assert_eq!(fnv1a(b"xxfoobar", 2), fnv1a(b"foobar", 0));
    }
}
