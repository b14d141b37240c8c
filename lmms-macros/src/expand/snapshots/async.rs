impl HttpClient {
    async fn load(load: &Load<'_>) -> Self {
        Self::connect(load.get::<Config>()).await
    }
    async fn unload(self) -> io::Result<()> {
        self.close().await
    }
    async fn fetch(
        &self,
        url: &str,
        invocation: &Invocation,
    ) -> Result<String, HttpError> {
        ::lmms::__private::called::<Self>(0usize);
        self.get(url).await
    }
    fn open_connections(&self) -> usize {
        ::lmms::__private::called::<Self>(1usize);
        self.pool.len()
    }
}
const _: () = {
    static __LMMS_SLOT: ::lmms::__private::Slot<HttpClient> = ::lmms::__private::Slot::new();
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
    static __LMMS_METERS: [::lmms::__private::Meter; 2usize] = [const {
        ::lmms::__private::Meter::new()
    }; 2usize];
    #[automatically_derived]
    impl ::lmms::__private::Interface for HttpClient {
        const NAME: &'static str = "http_client";
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
            __lmms_load: ::lmms::__private::Load<'_>,
        ) -> ::lmms::__private::Hook<'_, Self> {
            ::lmms::__private::Hook::Running(
                ::lmms::__private::Box::pin(async move {
                    let __lmms_loaded = <HttpClient>::load(&__lmms_load).await;
                    ::lmms::__private::IntoLoaded::<Self>::into_loaded(__lmms_loaded)
                }),
            )
        }
        fn __lmms_unload(self) -> ::lmms::__private::Hook<'static, ()> {
            ::lmms::__private::Hook::Running(
                ::lmms::__private::Box::pin(async move {
                    let __lmms_unloaded = <HttpClient>::unload(self).await;
                    ::lmms::__private::IntoUnloaded::into_unloaded(__lmms_unloaded)
                }),
            )
        }
    }
    #[allow(deprecated)]
    fn __lmms_operation_fetch(
        __lmms_call: ::lmms::__private::Call<'_>,
    ) -> ::lmms::__private::Step<
        '_,
        ::lmms::__private::Result<(), ::lmms::__private::CallError>,
    > {
        #[allow(unused_imports)]
        use ::lmms::__private::Infallible as _;
        let mut __lmms_0: ::lmms::__private::Option<::lmms::__private::Text<'_>> = ::lmms::__private::Option::None;
        if let ::lmms::__private::Result::Err(__lmms_error) = __lmms_call
            .arguments(::lmms::__private::Parameters("url"), &mut [&mut __lmms_0])
        {
            return ::lmms::__private::Step::Ready(
                ::lmms::__private::Result::Err(__lmms_error),
            );
        }
        ::lmms::__private::Step::Pending(
            ::lmms::__private::Box::pin(async move {
                let __lmms_invocation = __lmms_call.invocation();
                let __lmms_reply = __lmms_call.reply();
                let __lmms_instance = __lmms_invocation.get_async::<HttpClient>().await?;
                let __lmms_0 = ::lmms::__private::present(__lmms_0)?;
                let __lmms_result = <HttpClient>::fetch(
                        __lmms_instance,
                        &*__lmms_0,
                        __lmms_invocation,
                    )
                    .await;
                ::lmms::__private::Answer(__lmms_result).write(__lmms_reply)
            }),
        )
    }
    #[allow(deprecated)]
    fn __lmms_operation_open_connections(
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
                HttpClient,
            >(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                let _ = __lmms_invocation;
                let __lmms_result = <HttpClient>::open_connections(__lmms_instance);
                ::lmms::__private::Answer(__lmms_result).write(__lmms_reply)
            })
    }
    fn __lmms_operations() -> ::lmms::__private::Vec<::lmms::__private::Operation> {
        ::lmms::__private::list([
            ::lmms::__private::Operation {
                name: "fetch",
                about: "{\"name\":\"fetch\",\"signature\":\"fetch(url: &str) -> Result<String, HttpError>\",\"docs\":\"\",\"cached\":false,\"async\":true,\"arguments\":[{\"name\":\"url\",\"type\":\"&str\",\"required\":true}],\"returns\":\"Result<String, HttpError>\"}",
                parameters: ::lmms::__private::Parameters("url"),
                caching: ::lmms::__private::Option::None,
                meter: &__LMMS_METERS[0usize],
                call: __lmms_operation_fetch,
            },
            ::lmms::__private::Operation {
                name: "open_connections",
                about: "{\"name\":\"open_connections\",\"signature\":\"open_connections() -> usize\",\"docs\":\"\",\"cached\":false,\"async\":false,\"arguments\":[],\"returns\":\"usize\"}",
                parameters: ::lmms::__private::Parameters(""),
                caching: ::lmms::__private::Option::None,
                meter: &__LMMS_METERS[1usize],
                call: __lmms_operation_open_connections,
            },
        ])
    }
    fn __lmms_descriptor() -> ::lmms::__private::Descriptor {
        ::lmms::__private::Descriptor {
            name: "http_client",
            origin: ::lmms::__private::concat!(
                ::lmms::__private::module_path!(), " (", ::lmms::__private::file!(), ":",
                ::lmms::__private::line!(), ")"
            ),
            docs: "",
            options: __LMMS_OPTIONS,
            operations: __lmms_operations,
            load: ::lmms::__private::load_async::<HttpClient>,
            slot: ::lmms::__private::slot::<HttpClient>,
        }
    }
    #[::lmms::__private::linkme::distributed_slice(::lmms::__private::LMMS_INTERFACES)]
    #[linkme(crate = ::lmms::__private::linkme)]
    static __LMMS_ENTRY: fn() -> ::lmms::__private::Descriptor = __lmms_descriptor;
};
