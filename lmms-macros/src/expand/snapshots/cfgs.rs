#[cfg(feature = "rules")]
impl Rules {
    #[cfg(unix)]
    fn load() -> Self {
        Self
    }
    #[cfg(not(unix))]
    async fn load() -> Self {
        Self
    }
    #[cfg(unix)]
    fn check(&self) {
        ::lmms::__private::called::<Self>(0usize);
    }
    #[cfg(feature = "flush")]
    #[cfg(unix)]
    fn unload(self) {}
}
#[cfg(feature = "rules")]
const _: () = {
    static __LMMS_SLOT: ::lmms::__private::Slot<Rules> = ::lmms::__private::Slot::new();
    const __LMMS_OPTIONS: ::lmms::__private::Options = ::lmms::__private::Options {
        pinned: false,
        preload: false,
        snapshot: ::lmms::__private::Option::None,
        grace_period: ::lmms::__private::Option::None,
        fast_path_threshold: ::lmms::__private::Option::None,
        memory_mb: ::lmms::__private::Option::None,
        is_blocking: false,
        has_unload: true,
    };
    static __LMMS_METERS: [::lmms::__private::Meter; 1usize] = [const {
        ::lmms::__private::Meter::new()
    }; 1usize];
    #[automatically_derived]
    impl ::lmms::__private::Interface for Rules {
        const NAME: &'static str = "rules";
        const __LMMS_OPTIONS: ::lmms::__private::Options = __LMMS_OPTIONS;
        #[inline]
        fn __lmms_slot() -> &'static ::lmms::__private::Slot<Self> {
            &__LMMS_SLOT
        }
        #[inline]
        fn __lmms_meters() -> &'static [::lmms::__private::Meter] {
            &__LMMS_METERS
        }
        #[cfg(unix)]
        fn __lmms_load(
            _: ::lmms::__private::Load<'_>,
        ) -> ::lmms::__private::Hook<'_, Self> {
            let __lmms_loaded = <Rules>::load();
            ::lmms::__private::Hook::Done(
                ::lmms::__private::IntoLoaded::<Self>::into_loaded(__lmms_loaded),
            )
        }
        #[cfg(not(unix))]
        fn __lmms_load(
            _: ::lmms::__private::Load<'_>,
        ) -> ::lmms::__private::Hook<'_, Self> {
            ::lmms::__private::Hook::Running(
                ::lmms::__private::Box::pin(async move {
                    let __lmms_loaded = <Rules>::load().await;
                    ::lmms::__private::IntoLoaded::<Self>::into_loaded(__lmms_loaded)
                }),
            )
        }
        #[cfg(feature = "flush")]
        #[cfg(unix)]
        fn __lmms_unload(self) -> ::lmms::__private::Hook<'static, ()> {
            let __lmms_unloaded = <Rules>::unload(self);
            ::lmms::__private::Hook::Done(
                ::lmms::__private::IntoUnloaded::into_unloaded(__lmms_unloaded),
            )
        }
        #[cfg(not(any(all(feature = "flush", unix))))]
        fn __lmms_unload(self) -> ::lmms::__private::Hook<'static, ()> {
            ::lmms::__private::drop_instance(self)
        }
    }
    #[cfg(unix)]
    #[allow(deprecated)]
    fn __lmms_operation_check(
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
            .run_loading::<
                Rules,
            >(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                let _ = __lmms_invocation;
                let __lmms_result = <Rules>::check(__lmms_instance);
                ::lmms::__private::Answer(__lmms_result).write(__lmms_reply)
            })
    }
    fn __lmms_operations() -> ::lmms::__private::Vec<::lmms::__private::Operation> {
        ::lmms::__private::list([
            #[cfg(unix)]
            ::lmms::__private::Operation {
                name: "check",
                about: "{\"name\":\"check\",\"signature\":\"check()\",\"docs\":\"\",\"cached\":false,\"async\":false,\"arguments\":[],\"returns\":\"()\"}",
                parameters: ::lmms::__private::Parameters(""),
                caching: ::lmms::__private::Option::None,
                meter: &__LMMS_METERS[0usize],
                call: __lmms_operation_check,
            },
        ])
    }
    fn __lmms_descriptor() -> ::lmms::__private::Descriptor {
        ::lmms::__private::Descriptor {
            name: "rules",
            origin: ::lmms::__private::concat!(
                ::lmms::__private::module_path!(), " (", ::lmms::__private::file!(), ":",
                ::lmms::__private::line!(), ")"
            ),
            docs: "",
            options: __LMMS_OPTIONS,
            operations: __lmms_operations,
            load: ::lmms::__private::load_async::<Rules>,
            slot: ::lmms::__private::slot::<Rules>,
        }
    }
    #[::lmms::__private::linkme::distributed_slice(::lmms::__private::LMMS_INTERFACES)]
    #[linkme(crate = ::lmms::__private::linkme)]
    static __LMMS_ENTRY: fn() -> ::lmms::__private::Descriptor = __lmms_descriptor;
};
