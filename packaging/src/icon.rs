//! The icon, as catalogs and the console show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Its media type.
pub(crate) const ICON_TYPE: &str = "image/svg+xml";
const ICON: &str = include_str!("icon.svg");

/// The icon in base64.
pub(crate) fn icon_base64() -> String {
    STANDARD.encode(ICON.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_is_a_square_picture_without_links_or_scripts() {
        let document = roxmltree::Document::parse(ICON).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("viewBox"), Some("0 0 64 64"));
        for node in root.descendants().filter(roxmltree::Node::is_element) {
            assert!(["svg", "rect", "path"].contains(&node.tag_name().name()));
        }
        assert!(!ICON.contains("href"));
    }
}
