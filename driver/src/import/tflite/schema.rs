//! The tables of TFLite's schema (`schema.fbs`, version 3) that the importer reads.
//!
//! Fields are found by their number in the schema. All of them may be left out of a file, so all
//! are optional here; whoever asks knows the default. Offsets are checked when they are followed.

use planus::errors::ErrorKind;
use planus::table_reader::Table;
use planus::{SliceWithStartOffset, TableRead, Vector};

/// A table type: its fields, each with its type and number.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $name<'a>(Table<'a>);

        impl<'a> TableRead<'a> for $name<'a> {
            fn from_buffer(
                buffer: SliceWithStartOffset<'a>,
                offset: usize,
            ) -> Result<Self, ErrorKind> {
                Table::from_buffer(buffer, offset).map(Self)
            }
        }

        impl<'a> $name<'a> {
            $(pub(super) fn $field(&self) -> planus::Result<Option<$type>> {
                self.0.access($number, stringify!($name), stringify!($field))
            })*
        }
    };
}

/// A vector of tables, each read when it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    offsets: SliceWithStartOffset<'a>,
    count: usize,
}

impl<'a> TableRead<'a> for Tables<'a> {
    fn from_buffer(buffer: SliceWithStartOffset<'a>, offset: usize) -> Result<Self, ErrorKind> {
        let distance = u32::from_buffer(buffer, offset)? as usize;
        let at = offset.checked_add(distance).ok_or(ErrorKind::InvalidOffset)?;
        let vector = buffer.advance(at)?;
        let count = u32::from_buffer(vector, 0)? as usize;
        let offsets = vector.advance(4)?;
        if count > offsets.len() / 4 {
            return Err(ErrorKind::InvalidLength);
        }
        Ok(Tables { offsets, count })
    }
}

impl<'a> Tables<'a> {
    /// None, for a vector that a file leaves out.
    pub(super) fn empty() -> Self {
        Tables { offsets: SliceWithStartOffset { buffer: &[], offset_from_start: 0 }, count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Table `i`, if there are as many.
    pub(super) fn get<T: TableRead<'a>>(
        &self,
        i: usize,
        name: &'static str,
    ) -> planus::Result<Option<T>> {
        if i >= self.count {
            return Ok(None);
        }
        T::from_buffer(self.offsets, 4 * i)
            .map(Some)
            .map_err(|kind| kind.with_error_location(name, "get", self.offsets.offset_from_start))
    }
}

impl<'a> Model<'a> {
    /// The root of a file.
    pub(super) fn of_file(data: &'a [u8]) -> planus::Result<Self> {
        let whole = SliceWithStartOffset { buffer: data, offset_from_start: 0 };
        TableRead::from_buffer(whole, 0)
            .map_err(|kind: ErrorKind| kind.with_error_location("Model", "of_file", 0))
    }
}

impl<'a> Operator<'a> {
    /// The options, whose type follows from the operator's code.
    pub(super) fn options<T: TableRead<'a>>(&self) -> planus::Result<Option<T>> {
        self.0.access(4, "Operator", "builtin_options")
    }
}

table!(
    /// A file.
    Model {
        version: u32 = 0,
        operator_codes: Tables<'a> = 1,
        subgraphs: Tables<'a> = 2,
        buffers: Tables<'a> = 4,
    }
);

table!(
    /// What an operator is: the greater of the two codes counts.
    OperatorCode {
        deprecated_builtin_code: i8 = 0,
        custom_code: &'a [u8] = 1,
        builtin_code: i32 = 3,
    }
);

table!(
    /// Constants: within the table, or in large files at an offset from the file's start.
    Buffer {
        data: &'a [u8] = 0,
        offset: u64 = 1,
        size: u64 = 2,
    }
);

table!(
    /// A graph of operators.
    SubGraph {
        tensors: Tables<'a> = 0,
        inputs: Vector<'a, i32> = 1,
        outputs: Vector<'a, i32> = 2,
        operators: Tables<'a> = 3,
    }
);

table!(
    /// A tensor. It is sparse if there is an offset of how it is stored. Where lengths are left
    /// open, they are negative in the signature of its shape, and 1 in its shape.
    Tensor {
        shape: Vector<'a, i32> = 0,
        element: i8 = 1,
        buffer: u32 = 2,
        name: &'a [u8] = 3,
        quantization: QuantizationParameters<'a> = 4,
        is_variable: bool = 5,
        sparsity: u32 = 6,
        shape_signature: Vector<'a, i32> = 7,
    }
);

table!(
    /// What elements stand for.
    QuantizationParameters {
        scale: Vector<'a, f32> = 2,
        zero_point: Vector<'a, i64> = 3,
        quantized_dimension: i32 = 6,
    }
);

table!(
    /// An operator; tensor -1 is one left out.
    Operator {
        opcode_index: u32 = 0,
        inputs: Vector<'a, i32> = 1,
        outputs: Vector<'a, i32> = 2,
    }
);

table!(
    /// Of CONV_2D.
    Conv2dOptions {
        padding: i8 = 0,
        stride_w: i32 = 1,
        stride_h: i32 = 2,
        activation: i8 = 3,
        dilation_w: i32 = 4,
        dilation_h: i32 = 5,
    }
);

table!(
    /// Of DEPTHWISE_CONV_2D. The multiplier is left out: it follows from the shapes.
    DepthwiseConv2dOptions {
        padding: i8 = 0,
        stride_w: i32 = 1,
        stride_h: i32 = 2,
        activation: i8 = 4,
        dilation_w: i32 = 5,
        dilation_h: i32 = 6,
    }
);

table!(
    /// Of AVERAGE_POOL_2D and MAX_POOL_2D.
    Pool2dOptions {
        padding: i8 = 0,
        stride_w: i32 = 1,
        stride_h: i32 = 2,
        filter_w: i32 = 3,
        filter_h: i32 = 4,
        activation: i8 = 5,
    }
);

table!(
    /// Of FULLY_CONNECTED.
    FullyConnectedOptions {
        activation: i8 = 0,
        weights_format: i8 = 1,
    }
);

table!(
    /// Of ADD, SUB and MUL.
    ArithmeticOptions {
        activation: i8 = 0,
    }
);

table!(
    /// Of SOFTMAX.
    SoftmaxOptions {
        beta: f32 = 0,
    }
);

table!(
    /// Of CONCATENATION.
    ConcatenationOptions {
        axis: i32 = 0,
        activation: i8 = 1,
    }
);

table!(
    /// Of MEAN and REDUCE_MAX.
    ReducerOptions {
        keep_dims: bool = 0,
    }
);

table!(
    /// Of STRIDED_SLICE: bit `i` of a mask is about entry `i` of begin, end and strides.
    StridedSliceOptions {
        begin_mask: i32 = 0,
        end_mask: i32 = 1,
        ellipsis_mask: i32 = 2,
        new_axis_mask: i32 = 3,
        shrink_axis_mask: i32 = 4,
        offset: bool = 5,
    }
);

table!(
    /// Of LEAKY_RELU.
    LeakyReluOptions {
        alpha: f32 = 0,
    }
);

table!(
    /// Of RESIZE_NEAREST_NEIGHBOR.
    ResizeNearestOptions {
        align_corners: bool = 0,
        half_pixel_centers: bool = 1,
    }
);

table!(
    /// Of UNPACK.
    UnpackOptions {
        axis: i32 = 1,
    }
);

table!(
    /// Of PACK.
    PackOptions {
        axis: i32 = 1,
    }
);

table!(
    /// Of SPACE_TO_DEPTH and DEPTH_TO_SPACE.
    BlockOptions {
        side: i32 = 0,
    }
);

table!(
    /// Of TRANSPOSE_CONV.
    TransposeConvOptions {
        padding: i8 = 0,
        stride_w: i32 = 1,
        stride_h: i32 = 2,
        activation: i8 = 3,
    }
);
