#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzz::last::note(data);
    fuzz::feature_copy_config(data);
});
