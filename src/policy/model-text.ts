/** The text side of an opened model: its tokenizer and templates, from wherever the model keeps them. */
import type { OpenedModel } from "../model/open-model.js";
import { loadText, type TextModel } from "../text/text-model.js";

/** @throws as `loadText` */
export function loadModelText(opened: OpenedModel): Promise<TextModel> {
  const { tokenizerFiles, ggufMetadata } = opened;
  return loadText({
    kind: opened.kind,
    path: opened.path,
    eosTokenIds: opened.stopTokenIds,
    ...(ggufMetadata && { ggufMetadata }),
    ...(tokenizerFiles && { tokenizerPath: tokenizerFiles.tokenizer }),
    ...(tokenizerFiles?.tokenizerConfig && { tokenizerConfigPath: tokenizerFiles.tokenizerConfig }),
    ...(tokenizerFiles?.generationConfig && { generationConfigPath: tokenizerFiles.generationConfig }),
    ...(tokenizerFiles?.chatTemplate && { chatTemplatePath: tokenizerFiles.chatTemplate }),
  });
}
