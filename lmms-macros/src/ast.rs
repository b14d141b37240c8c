//! The checked model: what `expand` needs to know, and nothing that could still be wrong.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::{Attribute, GenericArgument, Ident, Path, PathArguments, ReturnType, Type};

use crate::args::Args;
use crate::attr::{self, Caching, OperationArgs, Role};
use crate::block::{Block, Member, Method, ParamKind, ReceiverKind};
use crate::check;
use crate::ctxt::Ctxt;
use crate::extent::Extent;
use crate::outside;

pub(crate) struct Interface {
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) pinned: bool,
    pub(crate) preload: bool,
    pub(crate) snapshot: Option<bool>,
    pub(crate) grace_period: Option<u32>,
    pub(crate) fast_path_threshold: Option<u32>,
    pub(crate) memory_mb: Option<u32>,
    /// The path of `lmms`.
    pub(crate) lmms: Path,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) loads: Vec<Load>,
    pub(crate) unloads: Vec<Unload>,
    pub(crate) operations: Vec<Operation>,
}

/// `#[load]`. Several only behind `#[cfg]`s.
pub(crate) struct Load {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
    pub(crate) takes_load: bool,
    pub(crate) output: Extent,
}

/// `#[unload]`. Several only behind `#[cfg]`s.
pub(crate) struct Unload {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
    pub(crate) output: Extent,
}

pub(crate) struct Operation {
    /// Which member of the block it is.
    pub(crate) member: usize,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) cached: Option<Caching>,
    pub(crate) is_async: bool,
    pub(crate) params: Vec<Param>,
    pub(crate) output: ReturnType,
}

/// A parameter of an operation.
pub(crate) enum Param {
    /// `&Invocation`, passed in.
    Invocation,
    Argument(Box<Argument>),
}

pub(crate) struct Argument {
    /// As requests name it.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) default: Option<Default>,
}

pub(crate) enum Default {
    /// `#[default]`
    Trait,
    /// `#[default = expr]`
    Expr(TokenStream),
}

impl Argument {
    pub(crate) fn is_optional(&self) -> bool {
        self.default.is_some() || inner_of(&self.ty, "Option").is_some()
    }
}

impl Interface {
    /// Reads the block, takes the helper attributes out of it, and notes whatever is wrong.
    pub(crate) fn from_block(cx: &Ctxt, args: Args, block: &mut Block) -> Option<Self> {
        check::block(cx, block);
        let ty = block.self_ty.clone();
        let type_name = check::type_name(cx, &ty);
        let (mut loads, mut unloads, mut operations) = (Vec::new(), Vec::new(), Vec::new());
        for (member, method) in block.members.iter_mut().enumerate() {
            let Member::Method(method) = method else { continue };
            match attr::take_role(cx, &mut method.attrs) {
                None => {}
                Some(Role::Load) => loads.push(Load::from_method(cx, method)),
                Some(Role::Unload) => unloads.push(Unload::from_method(cx, method)),
                Some(Role::Operation(args)) => operations.push(Operation::from_method(cx, &ty, args, member, method)),
            }
        }
        check::loads(cx, &ty, &loads);
        check::unloads(cx, &unloads);
        check::operations(cx, &operations);
        let type_name = type_name?;
        let name = args.name.unwrap_or_else(|| {
            let name = snake_case(&type_name.unraw().to_string());
            let help = "give it another with `#[lmms::interface(name = \"..\")]`";
            check::interface_name(cx, type_name, &name, help);
            name
        });
        Some(Self {
            name,
            docs: attr::docs(&block.attrs),
            pinned: args.pinned,
            preload: args.preload,
            snapshot: args.snapshot,
            grace_period: args.grace_period,
            fast_path_threshold: args.fast_path_threshold,
            memory_mb: args.memory_mb,
            lmms: args.crate_path.unwrap_or_else(|| syn::parse_quote!(::lmms)),
            cfgs: attr::cfgs(&block.attrs),
            ty,
            loads,
            unloads,
            operations,
        })
    }

    /// No hook is async, so that the interface can be reached without `await`.
    pub(crate) fn is_blocking(&self) -> bool {
        !self.loads.iter().any(|load| load.is_async) && !self.unloads.iter().any(|unload| unload.is_async)
    }
}

impl Load {
    fn from_method(cx: &Ctxt, method: &Method) -> Self {
        check::load(cx, method);
        Self {
            cfgs: attr::cfgs(&method.attrs),
            ident: method.ident.clone(),
            is_async: method.asyncness.is_some(),
            takes_load: !method.params.is_empty(),
            output: output(&method.ident, &method.output),
        }
    }
}

impl Unload {
    fn from_method(cx: &Ctxt, method: &Method) -> Self {
        check::unload(cx, method);
        Self {
            cfgs: attr::cfgs(&method.attrs),
            ident: method.ident.clone(),
            is_async: method.asyncness.is_some(),
            output: output(&method.ident, &method.output),
        }
    }
}

impl Operation {
    fn from_method(cx: &Ctxt, self_ty: &Type, args: OperationArgs, member: usize, method: &mut Method) -> Self {
        check::operation(cx, method);
        let mut params = Vec::new();
        for param in &mut method.params {
            let default = take_default(cx, param);
            let (name, pattern, ty) = match &param.kind {
                ParamKind::Typed { name, pattern, ty, .. } => (name, pattern, ty),
                ParamKind::Receiver(receiver) => {
                    if default.is_some() {
                        let message = "`#[default]` goes on an argument; remove it from `self`";
                        cx.error(&receiver.tokens, message);
                    }
                    continue;
                }
            };
            check::no_cfg(cx, param);
            if is_reference_to(ty, "Invocation") {
                if default.is_some() {
                    cx.error(ty, "the invocation is passed in, not read from the arguments; remove `#[default]`");
                }
                params.push(Param::Invocation);
                continue;
            }
            check::argument(cx, name.as_ref(), pattern, ty, default.is_some());
            let name = name.as_ref().map(|name| name.unraw().to_string()).unwrap_or_default();
            // What was a type still is one with `Self` replaced by another.
            let ty = syn::parse2(outside::concrete(ty.to_token_stream(), self_ty)).unwrap_or_else(|_| Type::clone(ty));
            let default = default.map(|default| match default {
                Default::Trait => Default::Trait,
                Default::Expr(expr) => Default::Expr(outside::concrete(expr, self_ty)),
            });
            params.push(Param::Argument(Box::new(Argument { name, ty, default })));
        }
        let name = args.name.unwrap_or_else(|| {
            let name = method.ident.unraw().to_string();
            let help = "give it another with `#[operation(name = \"..\")]`";
            check::name(cx, &method.ident, &name, help);
            name
        });
        Self {
            member,
            cfgs: attr::cfgs(&method.attrs),
            name,
            ident: method.ident.clone(),
            docs: attr::docs(&method.attrs),
            cached: args.cached,
            is_async: method.asyncness.is_some(),
            params,
            output: method.output.clone(),
        }
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.params.iter().filter_map(|param| match param {
            Param::Argument(argument) => Some(&**argument),
            Param::Invocation => None,
        })
    }

    /// Where its result is declared.
    pub(crate) fn result(&self) -> Extent {
        output(&self.ident, &self.output)
    }

    pub(crate) fn shim(&self) -> Ident {
        format_ident!("__lmms_operation_{}", self.ident.unraw(), span = self.ident.span())
    }
}

fn take_default(cx: &Ctxt, param: &mut crate::block::Param) -> Option<Default> {
    let mut default = attr::Once::new(cx, "default");
    param.attrs.retain(|attribute| {
        let Some(name) = attribute.name().filter(|name| name == "default") else { return true };
        let mut rest = attribute.content.clone().into_iter().skip(1).peekable();
        match rest.next() {
            None => default.set(name, Default::Trait),
            Some(proc_macro2::TokenTree::Punct(punct)) if punct.as_char() == '=' && rest.peek().is_some() => {
                default.set(name, Default::Expr(rest.collect()));
            }
            Some(_) => cx.error(&attribute.content, "expected `#[default]` or `#[default = <expression>]`"),
        }
        false
    });
    default.get()
}

/// The type that a method returns, or else its name.
fn output(ident: &Ident, output: &ReturnType) -> Extent {
    match output {
        ReturnType::Default => Extent::of(ident),
        ReturnType::Type(_, ty) => Extent::of(ty),
    }
}

/// Whether `ty` is `&path::to::Name<..>`.
pub(crate) fn is_reference_to(ty: &Type, name: &str) -> bool {
    match ungroup(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => match ungroup(&reference.elem) {
            Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == name),
            _ => false,
        },
        _ => false,
    }
}

/// Whether `ty` is `path::to::Name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ungroup(ty), Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}

/// Whether `ty` is `&str`.
pub(crate) fn is_borrowed_text(ty: &Type) -> bool {
    matches!(ungroup(ty), Type::Reference(reference) if is_named(&reference.elem, "str"))
}

/// `T`, if `ty` is `path::to::Name<T>` or `path::to::Name<'_, T>`.
pub(crate) fn inner_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ungroup(ty) else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.next().filter(|_| types.next().is_none())
}

/// A type that a `macro_rules!` passed on comes in an invisible group.
pub(crate) fn ungroup(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungroup(&group.elem),
        Type::Paren(paren) => ungroup(&paren.elem),
        ty => ty,
    }
}

/// `HttpClient` -> `http_client`, `JSONParser` -> `json_parser`.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, &c) in chars.iter().enumerate() {
        let after_small = index > 0 && !chars[index - 1].is_uppercase() && chars[index - 1] != '_';
        let before_small = index > 0
            && chars[index - 1].is_uppercase()
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_small || before_small) {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// Whether a method takes `&self`.
pub(crate) fn takes_ref_self(method: &Method) -> bool {
    matches!(
        method.params.first().map(|param| &param.kind),
        Some(ParamKind::Receiver(receiver)) if receiver.kind == ReceiverKind::Ref
    )
}

/// Whether a method takes `self`.
pub(crate) fn takes_self(method: &Method) -> bool {
    matches!(
        method.params.first().map(|param| &param.kind),
        Some(ParamKind::Receiver(receiver)) if receiver.kind == ReceiverKind::Value
    )
}

/// The receiver's own tokens, or else the method's name, to put an error on.
pub(crate) fn receiver_tokens(method: &Method) -> TokenStream {
    match method.params.first().map(|param| &param.kind) {
        Some(ParamKind::Receiver(receiver)) => receiver.tokens.clone(),
        _ => method.ident.to_token_stream(),
    }
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names_are_the_types_in_snake_case() {
        assert_eq!(snake_case("Tokens"), "tokens");
        assert_eq!(snake_case("HttpClient"), "http_client");
        assert_eq!(snake_case("JSONParser"), "json_parser");
        assert_eq!(snake_case("Utf8Text"), "utf8_text");
        assert_eq!(snake_case("S3"), "s3");
        assert_eq!(snake_case("Snake_Case"), "snake_case");
    }
}
