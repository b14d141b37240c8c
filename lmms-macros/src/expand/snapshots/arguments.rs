impl Search {
    fn load() -> Self {
        Self
    }
    fn find<'a>(
        &'a self,
        words: &[&'a str],
        r#in: Option<Cow<'a, str>>,
        query: Query<'a>,
        near: &Point,
        mut most: usize,
    ) -> Vec<&'a str> {
        crate::framework::__private::called::<Self>(0usize);
        todo!()
    }
}
const _: () = {
    static __LMMS_SLOT: crate::framework::__private::Slot<Search> = crate::framework::__private::Slot::new();
    const __LMMS_OPTIONS: crate::framework::__private::Options = crate::framework::__private::Options {
        pinned: false,
        preload: false,
        snapshot: crate::framework::__private::Option::None,
        grace_period: crate::framework::__private::Option::None,
        fast_path_threshold: crate::framework::__private::Option::None,
        memory_mb: crate::framework::__private::Option::None,
        is_blocking: true,
        has_unload: false,
    };
    static __LMMS_METERS: [crate::framework::__private::Meter; 1usize] = [const {
        crate::framework::__private::Meter::new()
    }; 1usize];
    #[automatically_derived]
    impl crate::framework::__private::Interface for Search {
        const NAME: &'static str = "search";
        const __LMMS_OPTIONS: crate::framework::__private::Options = __LMMS_OPTIONS;
        #[inline]
        fn __lmms_slot() -> &'static crate::framework::__private::Slot<Self> {
            &__LMMS_SLOT
        }
        #[inline]
        fn __lmms_meters() -> &'static [crate::framework::__private::Meter] {
            &__LMMS_METERS
        }
        fn __lmms_load(
            _: crate::framework::__private::Load<'_>,
        ) -> crate::framework::__private::Hook<'_, Self> {
            let __lmms_loaded = <Search>::load();
            crate::framework::__private::Hook::Done(
                crate::framework::__private::IntoLoaded::<
                    Self,
                >::into_loaded(__lmms_loaded),
            )
        }
        fn __lmms_unload(self) -> crate::framework::__private::Hook<'static, ()> {
            crate::framework::__private::drop_instance(self)
        }
    }
    #[automatically_derived]
    impl crate::framework::__private::BlockingInterface for Search {}
    #[allow(deprecated)]
    fn __lmms_operation_find(
        __lmms_call: crate::framework::__private::Call<'_>,
    ) -> crate::framework::__private::Step<
        '_,
        crate::framework::__private::Result<(), crate::framework::__private::CallError>,
    > {
        #[allow(unused_imports)]
        use crate::framework::__private::Infallible as _;
        let mut __lmms_0: crate::framework::__private::Option<
            crate::framework::__private::Vec<crate::framework::__private::Text<'_>>,
        > = crate::framework::__private::Option::None;
        let mut __lmms_1: crate::framework::__private::Option<
            crate::framework::__private::Option<crate::framework::__private::Text<'_>>,
        > = crate::framework::__private::Option::None;
        let mut __lmms_2: crate::framework::__private::Option<Query<'_>> = crate::framework::__private::Option::None;
        let mut __lmms_3: crate::framework::__private::Option<Point> = crate::framework::__private::Option::None;
        let mut __lmms_4: crate::framework::__private::Option<usize> = crate::framework::__private::Option::None;
        if let crate::framework::__private::Result::Err(__lmms_error) = __lmms_call
            .arguments(
                crate::framework::__private::Parameters("words,in?,query,near?,most?"),
                &mut [
                    &mut __lmms_0,
                    &mut __lmms_1,
                    &mut __lmms_2,
                    &mut __lmms_3,
                    &mut __lmms_4,
                ],
            )
        {
            return crate::framework::__private::Step::Ready(
                crate::framework::__private::Result::Err(__lmms_error),
            );
        }
        __lmms_call
            .run::<
                Search,
            >(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                let _ = __lmms_invocation;
                let __lmms_0 = crate::framework::__private::present(__lmms_0)?;
                let __lmms_0 = crate::framework::__private::borrowed(&__lmms_0);
                let __lmms_1 = crate::framework::__private::Option::unwrap_or(
                    __lmms_1,
                    crate::framework::__private::Option::None,
                );
                let __lmms_2 = crate::framework::__private::present(__lmms_2)?;
                let __lmms_3: &Point = match &__lmms_3 {
                    crate::framework::__private::Option::None => {
                        crate::framework::__private::Default::default()
                    }
                    crate::framework::__private::Option::Some(__lmms_3) => &__lmms_3,
                };
                let __lmms_4: usize = match __lmms_4 {
                    crate::framework::__private::Option::None => Search::MOST,
                    crate::framework::__private::Option::Some(__lmms_4) => __lmms_4,
                };
                let __lmms_result = <Search>::find(
                    __lmms_instance,
                    &*__lmms_0,
                    crate::framework::__private::Option::map(
                        __lmms_1,
                        |__lmms_text| __lmms_text.0,
                    ),
                    __lmms_2,
                    __lmms_3,
                    __lmms_4,
                );
                crate::framework::__private::Answer(__lmms_result).write(__lmms_reply)
            })
    }
    fn __lmms_operations() -> crate::framework::__private::Vec<
        crate::framework::__private::Operation,
    > {
        crate::framework::__private::list([
            crate::framework::__private::Operation {
                name: "find-all",
                about: "{\"name\":\"find-all\",\"signature\":\"find-all(words: &[&'a str], in: Option<Cow<'a, str>>, query: Query<'a>, near?: &Point, most?: usize) -> Vec<&'a str>\",\"docs\":\"\",\"cached\":false,\"async\":false,\"arguments\":[{\"name\":\"words\",\"type\":\"&[&'a str]\",\"required\":true},{\"name\":\"in\",\"type\":\"Option<Cow<'a, str>>\",\"required\":false},{\"name\":\"query\",\"type\":\"Query<'a>\",\"required\":true},{\"name\":\"near\",\"type\":\"&Point\",\"required\":false},{\"name\":\"most\",\"type\":\"usize\",\"required\":false,\"default\":\"Search::MOST\"}],\"returns\":\"Vec<&'a str>\"}",
                parameters: crate::framework::__private::Parameters(
                    "words,in?,query,near?,most?",
                ),
                caching: crate::framework::__private::Option::None,
                meter: &__LMMS_METERS[0usize],
                call: __lmms_operation_find,
            },
        ])
    }
    fn __lmms_descriptor() -> crate::framework::__private::Descriptor {
        crate::framework::__private::Descriptor {
            name: "search",
            origin: crate::framework::__private::concat!(
                crate ::framework::__private::module_path!(), " (", crate
                ::framework::__private::file!(), ":", crate
                ::framework::__private::line!(), ")"
            ),
            docs: "",
            options: __LMMS_OPTIONS,
            operations: __lmms_operations,
            load: crate::framework::__private::load_blocking::<Search>,
            slot: crate::framework::__private::slot::<Search>,
        }
    }
    #[crate::framework::__private::linkme::distributed_slice(
        crate::framework::__private::LMMS_INTERFACES
    )]
    #[linkme(crate = crate::framework::__private::linkme)]
    static __LMMS_ENTRY: fn() -> crate::framework::__private::Descriptor = __lmms_descriptor;
};
