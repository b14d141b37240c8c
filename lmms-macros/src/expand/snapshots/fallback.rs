impl Tokens {
    fn load() -> Self {
        Self
    }
    fn clear(&mut self, least: u8) {}
}
::core::compile_error! {
    "unknown argument `pined`; expected `name = \"..\"`, `pinned`, `preload`, `snapshot = <true|false>`, `grace_period = <seconds>`, `fast_path_threshold = <calls>`, `memory_mb = <MiB>` or `crate = <path>`"
}
::core::compile_error! {
    "an operation shares its interface with others; write `&self`, and a `Mutex` or an atomic around what it changes"
}
::core::compile_error! {
    "expected `#[default]` or `#[default = <expression>]`"
}
const _: () = {
    impl ::lmms::__private::Interface for Tokens {
        const NAME: &'static str = "tokens";
        fn __lmms_slot() -> &'static ::lmms::__private::Slot<Self> {
            loop {}
        }
        fn __lmms_load(
            _: ::lmms::__private::Load<'_>,
        ) -> ::lmms::__private::Hook<'_, Self> {
            loop {}
        }
        fn __lmms_unload(self) -> ::lmms::__private::Hook<'static, ()> {
            loop {}
        }
    }
    impl ::lmms::__private::BlockingInterface for Tokens {}
};
