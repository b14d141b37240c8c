/// Counts tokens.
impl Tokens {
    fn load() -> Result<Self, TokensError> {
        Self::read()
    }
    /// Counts the tokens of `text`.
    pub fn count(&self, text: &str) -> usize {
        ::lmms::__private::called::<Self>(0usize);
        self.bpe.encode(text).len()
    }
    fn decode(&self, tokens: &[u32]) -> Result<String, DecodeError> {
        #![allow(clippy::unwrap_used)]
        use std::str::from_utf8;
        ::lmms::__private::called::<Self>(1usize);
        from_utf8(&self.bpe.decode(tokens).unwrap())
    }
    /// Its body can count nothing.
    const fn most(&self) -> usize {
        self.most
    }
    fn read() -> Result<Self, TokensError> {
        todo!()
    }
}
const _: () = {
    static __LMMS_SLOT: ::lmms::__private::Slot<Tokens> = ::lmms::__private::Slot::new();
    const __LMMS_OPTIONS: ::lmms::__private::Options = ::lmms::__private::Options {
        pinned: true,
        preload: true,
        snapshot: ::lmms::__private::Option::Some(false),
        grace_period: ::lmms::__private::Option::Some(30u32),
        fast_path_threshold: ::lmms::__private::Option::None,
        memory_mb: ::lmms::__private::Option::None,
        is_blocking: true,
        has_unload: false,
    };
    static __LMMS_METERS: [::lmms::__private::Meter; 3usize] = [const {
        ::lmms::__private::Meter::new()
    }; 3usize];
    #[automatically_derived]
    impl ::lmms::__private::Interface for Tokens {
        const NAME: &'static str = "tokens";
        const __LMMS_OPTIONS: ::lmms::__private::Options = __LMMS_OPTIONS;
        #[inline]
        fn __lmms_slot() -> &'static ::lmms::__private::Slot<Self> {
            &__LMMS_SLOT
        }
        #[inline]
        fn __lmms_meters() -> &'static [::lmms::__private::Meter] {
            &__LMMS_METERS
        }
        fn __lmms_load(
            _: ::lmms::__private::Load<'_>,
        ) -> ::lmms::__private::Hook<'_, Self> {
            let __lmms_loaded = <Tokens>::load();
            ::lmms::__private::Hook::Done(
                ::lmms::__private::IntoLoaded::<Self>::into_loaded(__lmms_loaded),
            )
        }
        fn __lmms_unload(self) -> ::lmms::__private::Hook<'static, ()> {
            ::lmms::__private::drop_instance(self)
        }
    }
    #[automatically_derived]
    impl ::lmms::__private::BlockingInterface for Tokens {}
    #[allow(deprecated)]
    fn __lmms_operation_count(
        __lmms_call: ::lmms::__private::Call<'_>,
    ) -> ::lmms::__private::Step<
        '_,
        ::lmms::__private::Result<(), ::lmms::__private::CallError>,
    > {
        #[allow(unused_imports)]
        use ::lmms::__private::Infallible as _;
        let mut __lmms_0: ::lmms::__private::Option<::lmms::__private::Text<'_>> = ::lmms::__private::Option::None;
        if let ::lmms::__private::Result::Err(__lmms_error) = __lmms_call
            .arguments(::lmms::__private::Parameters("text"), &mut [&mut __lmms_0])
        {
            return ::lmms::__private::Step::Ready(
                ::lmms::__private::Result::Err(__lmms_error),
            );
        }
        __lmms_call
            .run::<
                Tokens,
            >(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                let _ = __lmms_invocation;
                let __lmms_0 = ::lmms::__private::present(__lmms_0)?;
                let __lmms_result = <Tokens>::count(__lmms_instance, &*__lmms_0);
                ::lmms::__private::Answer(__lmms_result).write(__lmms_reply)
            })
    }
    #[allow(deprecated)]
    fn __lmms_operation_decode(
        __lmms_call: ::lmms::__private::Call<'_>,
    ) -> ::lmms::__private::Step<
        '_,
        ::lmms::__private::Result<(), ::lmms::__private::CallError>,
    > {
        #[allow(unused_imports)]
        use ::lmms::__private::Infallible as _;
        let mut __lmms_0: ::lmms::__private::Option<::lmms::__private::Vec<u32>> = ::lmms::__private::Option::None;
        if let ::lmms::__private::Result::Err(__lmms_error) = __lmms_call
            .arguments(::lmms::__private::Parameters("tokens"), &mut [&mut __lmms_0])
        {
            return ::lmms::__private::Step::Ready(
                ::lmms::__private::Result::Err(__lmms_error),
            );
        }
        __lmms_call
            .run::<
                Tokens,
            >(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                let _ = __lmms_invocation;
                let __lmms_0 = ::lmms::__private::present(__lmms_0)?;
                let __lmms_result = <Tokens>::decode(__lmms_instance, &*__lmms_0);
                ::lmms::__private::Answer(__lmms_result).write(__lmms_reply)
            })
    }
    #[allow(deprecated)]
    fn __lmms_operation_most(
        __lmms_call: ::lmms::__private::Call<'_>,
    ) -> ::lmms::__private::Step<
        '_,
        ::lmms::__private::Result<(), ::lmms::__private::CallError>,
    > {
        #[allow(unused_imports)]
        use ::lmms::__private::Infallible as _;
        if let ::lmms::__private::Result::Err(__lmms_error) = __lmms_call
            .arguments(::lmms::__private::Parameters(""), &mut [])
        {
            return ::lmms::__private::Step::Ready(
                ::lmms::__private::Result::Err(__lmms_error),
            );
        }
        __lmms_call
            .run::<
                Tokens,
            >(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                let _ = __lmms_invocation;
                ::lmms::__private::called::<Tokens>(2usize);
                let __lmms_result = <Tokens>::most(__lmms_instance);
                ::lmms::__private::Answer(__lmms_result).write(__lmms_reply)
            })
    }
    fn __lmms_operations() -> ::lmms::__private::Vec<::lmms::__private::Operation> {
        ::lmms::__private::list([
            ::lmms::__private::Operation {
                name: "count",
                about: "{\"name\":\"count\",\"signature\":\"count(text: &str) -> usize\",\"docs\":\"Counts the tokens of `text`.\",\"cached\":true,\"async\":false,\"arguments\":[{\"name\":\"text\",\"type\":\"&str\",\"required\":true}],\"returns\":\"usize\"}",
                parameters: ::lmms::__private::Parameters("text"),
                caching: ::lmms::__private::Option::Some(::lmms::__private::Caching {
                    ttl: ::lmms::__private::Option::None,
                    weight: 1u32,
                    errors: false,
                }),
                meter: &__LMMS_METERS[0usize],
                call: __lmms_operation_count,
            },
            ::lmms::__private::Operation {
                name: "decode",
                about: "{\"name\":\"decode\",\"signature\":\"decode(tokens: &[u32]) -> Result<String, DecodeError>\",\"docs\":\"\",\"cached\":true,\"ttl\":60,\"cached_errors\":true,\"async\":false,\"arguments\":[{\"name\":\"tokens\",\"type\":\"&[u32]\",\"required\":true}],\"returns\":\"Result<String, DecodeError>\"}",
                parameters: ::lmms::__private::Parameters("tokens"),
                caching: ::lmms::__private::Option::Some(::lmms::__private::Caching {
                    ttl: ::lmms::__private::Option::Some(60u32),
                    weight: 4u32,
                    errors: true,
                }),
                meter: &__LMMS_METERS[1usize],
                call: __lmms_operation_decode,
            },
            ::lmms::__private::Operation {
                name: "most",
                about: "{\"name\":\"most\",\"signature\":\"most() -> usize\",\"docs\":\"Its body can count nothing.\",\"cached\":false,\"async\":false,\"arguments\":[],\"returns\":\"usize\"}",
                parameters: ::lmms::__private::Parameters(""),
                caching: ::lmms::__private::Option::None,
                meter: &__LMMS_METERS[2usize],
                call: __lmms_operation_most,
            },
        ])
    }
    fn __lmms_descriptor() -> ::lmms::__private::Descriptor {
        ::lmms::__private::Descriptor {
            name: "tokens",
            origin: ::lmms::__private::concat!(
                ::lmms::__private::module_path!(), " (", ::lmms::__private::file!(), ":",
                ::lmms::__private::line!(), ")"
            ),
            docs: "Counts tokens.",
            options: __LMMS_OPTIONS,
            operations: __lmms_operations,
            load: ::lmms::__private::load_blocking::<Tokens>,
            slot: ::lmms::__private::slot::<Tokens>,
        }
    }
    #[::lmms::__private::linkme::distributed_slice(::lmms::__private::LMMS_INTERFACES)]
    #[linkme(crate = ::lmms::__private::linkme)]
    static __LMMS_ENTRY: fn() -> ::lmms::__private::Descriptor = __lmms_descriptor;
};
