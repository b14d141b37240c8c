//! Constants: the pages of the program that may only be read, such as data that is embedded in it.
#![allow(unsafe_code)]
#![cfg_attr(lmms_loom, allow(dead_code, reason = "a model measures nothing"))]

use crate::os;

/// Unmaps the pages of the program's constants, for whoever needs one to find it in the system's cache again.
///
/// Data that is embedded in the program (`include_bytes!`) is read by a load, and seldom after. Its pages would count as
/// resident for ever, as much as the data is large, though they are as good as free.
pub(crate) fn unmap() {
    // SAFETY: the callback has the signature that is asked for, and is called before this call returns.
    unsafe { libc::dl_iterate_phdr(Some(unmap_those_of), std::ptr::null_mut()) };
}

/// Is called with the program itself first, and asks for no more.
unsafe extern "C" fn unmap_those_of(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut libc::c_void,
) -> libc::c_int {
    const LAST: libc::c_int = 1;
    // SAFETY: `dl_iterate_phdr` passes one, for the time of the call.
    let info = unsafe { &*info };
    if info.dlpi_phdr.is_null() {
        return LAST;
    }
    // SAFETY: so many headers are there, for as long as the program runs.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    // As wide as addresses are here.
    let address = |offset| (info.dlpi_addr + offset) as usize;
    for header in headers.iter().filter(|header| header.p_type == libc::PT_DYNAMIC) {
        let mut entry = std::ptr::with_exposed_provenance::<[usize; 2]>(address(header.p_vaddr));
        loop {
            // SAFETY: pairs of a tag and a value, of which the last has the tag 0.
            let [tag, value] = unsafe { entry.read() };
            match (tag, value) {
                (0, _) => break,
                // DT_TEXTREL, and DT_FLAGS with DF_TEXTREL: what may only be read was written to once.
                (22, _) => return LAST,
                (30, flags) if flags & 4 != 0 => return LAST,
                // SAFETY: this one was not the last.
                _ => entry = unsafe { entry.add(1) },
            }
        }
    }
    let page = os::page_size() as usize;
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags == libc::PF_R) {
        let start = address(header.p_vaddr) / page * page;
        let end = address(header.p_vaddr + header.p_filesz) / page * page;
        // A program that unpacks or moves itself has its constants in memory that no file backs, where they would be lost.
        if !is_mapped_from_a_file(start, end) {
            continue;
        }
        // SAFETY: it is mapped from a file, may only be read, and was not relocated: so nothing was ever written to it, and
        // what is read after is what was read before.
        unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(start), end - start, libc::MADV_DONTNEED) };
    }
    LAST
}

/// Whether one mapping of a file, that may only be read, holds all of these addresses.
fn is_mapped_from_a_file(start: usize, end: usize) -> bool {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return false };
    maps.lines().any(|line| {
        // from-to permissions offset device inode path
        let mut fields = line.split_ascii_whitespace();
        let range = fields.next().and_then(|range| range.split_once('-'));
        let Some((from, to)) = range else { return false };
        let (Ok(from), Ok(to)) = (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16)) else { return false };
        let (permissions, inode) = (fields.next(), fields.nth(2));
        from <= start && end <= to && permissions == Some("r--p") && inode.is_some_and(|inode| inode != "0")
    })
}
