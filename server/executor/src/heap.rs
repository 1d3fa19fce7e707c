//! The memory that compiling leaves behind.

/// Gives the system back what was freed. A compilation takes and frees hundreds of megabytes, in
/// many pieces; the allocator of glibc keeps them for as long as the process lives.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no safe function for it")]
    // SAFETY: it may be called at any time, and touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}
