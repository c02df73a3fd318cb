//! Tells the linker what a Node-API addon needs on this platform.

fn main() {
    if std::env::var_os("CARGO_FEATURE_NODE").is_some() {
        napi_build::setup();
        // Which it looks at, and does not tell cargo: a tree that was moved would be linked in its old place.
        println!("cargo:rerun-if-env-changed=LIBNODE_PATH");
    }
}
