//! Importers: from the field's file formats to [`crate::scene`].
