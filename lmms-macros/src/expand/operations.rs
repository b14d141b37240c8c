//! One shim per operation: arguments out of the JSON, the call, the result into the reply.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, Type};

use super::future;
use crate::ast::{Argument, Default, Interface, Operation, Param, inner_of, is_borrowed_text, is_named, ungroup};
use crate::extent::Extent;
use crate::outside::anonymous;

pub(crate) fn shim(
    private: &TokenStream,
    interface: &Interface,
    operation: &Operation,
    count: Option<&TokenStream>,
) -> TokenStream {
    let Operation { cfgs, .. } = operation;
    let shim = operation.shim();
    let arguments: Vec<_> = operation
        .arguments()
        .enumerate()
        .map(|(index, argument)| (format_ident!("__lmms_{index}"), argument))
        .collect();
    let places = arguments.iter().map(|(place, argument)| {
        let ty = owned(private, inner(&argument.ty));
        let ty = match inner_of(&argument.ty, "Option") {
            // Absent and `null` are both `None`.
            Some(_) => quote!(#private::Option<#ty>),
            None => ty,
        };
        quote!(let mut #place: #private::Option<#ty> = #private::Option::None;)
    });
    let names = parameters(operation);
    // On the user's type, where one that cannot be read is to be seen.
    let lent = arguments.iter().map(|(place, argument)| Extent::of(&argument.ty).place(quote!(&mut #place)));
    let call = call(private, interface, operation, count, &arguments);
    quote! {
        #(#cfgs)*
        // That it is deprecated is for those to hear who name it.
        #[allow(deprecated)]
        fn #shim(
            __lmms_call: #private::Call<'_>,
        ) -> #private::Step<'_, #private::Result<(), #private::CallError>> {
            #[allow(unused_imports)]
            use #private::Infallible as _;
            #(#places)*
            if let #private::Result::Err(__lmms_error) =
                __lmms_call.arguments(#private::Parameters(#names), &mut [#(#lent),*])
            {
                return #private::Step::Ready(#private::Result::Err(__lmms_error));
            }
            #call
        }
    }
}

/// The names of what it takes, as `Parameters` holds them.
pub(crate) fn parameters(operation: &Operation) -> String {
    let names = operation
        .arguments()
        .map(|argument| format!("{}{}", argument.name, if argument.is_optional() { "?" } else { "" }));
    names.collect::<Vec<_>>().join(",")
}

/// The call itself, in the form that its hooks and the operation ask for.
fn call(
    private: &TokenStream,
    interface: &Interface,
    operation: &Operation,
    count: Option<&TokenStream>,
    arguments: &[(Ident, &Argument)],
) -> TokenStream {
    let Interface { ty, .. } = interface;
    let Operation { ident, .. } = operation;
    let values = arguments.iter().map(|(place, argument)| value(private, place, argument));
    let mut places = arguments.iter();
    let passed = operation.params.iter().map(|param| match param {
        Param::Invocation => quote!(__lmms_invocation),
        Param::Argument(_) => match places.next() {
            // With a default, it has its declared type already.
            Some((place, Argument { default: Some(_), .. })) => quote!(#place),
            Some((place, argument)) => pass(private, place, &argument.ty),
            None => TokenStream::new(),
        },
    });
    let await_ = operation.is_async.then(|| quote!(.await));
    let result = quote!(<#ty>::#ident(__lmms_instance #(, #passed)*) #await_);
    // On the user's return type, where one that cannot be written is to be seen.
    let answer = operation.result().place(quote!(#private::Answer(__lmms_result).write(__lmms_reply)));
    let unused = (!operation.params.iter().any(|param| matches!(param, Param::Invocation)))
        .then(|| quote!(let _ = __lmms_invocation;));
    let body = quote! {
        #unused
        #(#values)*
        #count
        let __lmms_result = #result;
        #answer
    };
    if operation.is_async {
        let body = quote! {
            let __lmms_invocation = __lmms_call.invocation();
            let __lmms_reply = __lmms_call.reply();
            let __lmms_instance = __lmms_invocation.get_async::<#ty>().await?;
            #body
        };
        let future = future(private, ident, &body);
        quote!(#private::Step::Pending(#future))
    } else {
        let run = if interface.is_blocking() { quote!(run) } else { quote!(run_loading) };
        quote! {
            __lmms_call.#run::<#ty>(move |__lmms_instance, __lmms_invocation, __lmms_reply| {
                #body
            })
        }
    }
}

/// Out of its place, with what stands for an absent one.
fn value(private: &TokenStream, place: &Ident, argument: &Argument) -> TokenStream {
    // Texts are decoded one by one, since JSON with escapes cannot be borrowed; what is declared is a slice of `&str`.
    let is_texts = matches!(Form::of(inner(&argument.ty)), Form::Texts);
    let texts = |texts: TokenStream| is_texts.then(|| quote!(let #place = #texts;));
    if inner_of(&argument.ty, "Option").is_some() {
        let texts = texts(quote!(#private::Option::map(#private::Option::as_deref(&#place), #private::borrowed)));
        return quote! {
            let #place = #private::Option::unwrap_or(#place, #private::Option::None);
            #texts
        };
    }
    match &argument.default {
        None => {
            let texts = texts(quote!(#private::borrowed(&#place)));
            quote! {
                let #place = #private::present(#place)?;
                #texts
            }
        }
        Some(default) => {
            let texts = texts(quote!(#private::Option::map(#private::Option::as_deref(&#place), #private::borrowed)));
            // The default is of the declared type, which need not be the one that is decoded: `&str`, `Cow`.
            let absent = match default {
                Default::Trait => Extent::of(&argument.ty).place(quote!(#private::Default::default())),
                Default::Expr(expr) => expr.clone(),
            };
            let ty = anonymous(argument.ty.to_token_stream());
            let present = pass(private, place, &argument.ty);
            // What is declared as a reference borrows from its place, which therefore stays.
            let borrow = matches!(ungroup(&argument.ty), Type::Reference(_)).then(|| quote!(&));
            quote! {
                #texts
                let #place: #ty = match #borrow #place {
                    // First, so that an expression of another type is what is told to be wrong.
                    #private::Option::None => #absent,
                    #private::Option::Some(#place) => #present,
                };
            }
        }
    }
}

/// The type itself, or that inside `Option`.
fn inner(ty: &Type) -> &Type {
    inner_of(ty, "Option").unwrap_or(ty)
}

/// The type that an argument is decoded to.
fn owned(private: &TokenStream, ty: &Type) -> TokenStream {
    match Form::of(ty) {
        Form::Str | Form::CowStr | Form::Path => quote!(#private::Text<'_>),
        Form::Texts => quote!(#private::Vec<#private::Text<'_>>),
        Form::Slice(item) | Form::CowSlice(item) => {
            let item = anonymous(item.to_token_stream());
            quote!(#private::Vec<#item>)
        }
        Form::Reference(ty) | Form::Value(ty) => anonymous(ty.to_token_stream()),
    }
}

/// The declared argument, made of the decoded one.
fn pass(private: &TokenStream, place: &Ident, ty: &Type) -> TokenStream {
    let is_option = inner_of(ty, "Option").is_some();
    match (Form::of(inner(ty)), is_option) {
        (Form::Value(_), _) => quote!(#place),
        (Form::Str | Form::Slice(_) | Form::Texts, false) => quote!(&*#place),
        (Form::Str | Form::Slice(_) | Form::Texts, true) => quote!(#private::Option::as_deref(&#place)),
        (Form::Path, false) => quote!(#private::path(&#place)),
        (Form::Path, true) => quote!(#private::Option::map(#private::Option::as_ref(&#place), #private::path)),
        (Form::Reference(_), false) => quote!(&#place),
        (Form::Reference(_), true) => quote!(#private::Option::as_ref(&#place)),
        (Form::CowStr, false) => quote!(#place.0),
        (Form::CowStr, true) => quote!(#private::Option::map(#place, |__lmms_text| __lmms_text.0)),
        (Form::CowSlice(_), false) => quote!(#private::Cow::Owned(#place)),
        (Form::CowSlice(_), true) => quote!(#private::Option::map(#place, #private::Cow::Owned)),
    }
}

/// How a declared type is decoded.
enum Form<'a> {
    /// `&str`
    Str,
    /// `&Path`
    Path,
    /// `&[T]`
    Slice(&'a Type),
    /// `&[&str]`
    Texts,
    /// `Cow<'_, str>`
    CowStr,
    /// `Cow<'_, [T]>`
    CowSlice(&'a Type),
    /// `&T`
    Reference(&'a Type),
    /// Anything else, as it stands.
    Value(&'a Type),
}

impl<'a> Form<'a> {
    fn of(ty: &'a Type) -> Self {
        let ty = ungroup(ty);
        if let Type::Reference(reference) = ty {
            return match ungroup(&reference.elem) {
                elem if is_named(elem, "str") => Self::Str,
                elem if is_named(elem, "Path") => Self::Path,
                // Decoded as it stands: a piece of the request itself.
                elem if is_named(elem, "RawValue") => Self::Value(ty),
                Type::Slice(slice) if is_borrowed_text(&slice.elem) => Self::Texts,
                Type::Slice(slice) => Self::Slice(&slice.elem),
                elem => Self::Reference(elem),
            };
        }
        match inner_of(ty, "Cow").map(ungroup) {
            Some(inner) if is_named(inner, "str") => Self::CowStr,
            Some(Type::Slice(slice)) => Self::CowSlice(&slice.elem),
            _ => Self::Value(ty),
        }
    }
}
