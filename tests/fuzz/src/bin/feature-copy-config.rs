#![forbid(unsafe_code)]
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::last::note(data);
    let _outcome = fuzz::feature_copy_config(data);
});
