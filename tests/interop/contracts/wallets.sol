// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

contract Wallet {
    address immutable owner;

    constructor(address its) {
        owner = its;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        require(signature.length == 65, "length");
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        return signer != address(0) && signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

contract Factory {
    function deploy(address owner, bytes32 salt) external returns (address) {
        return address(new Wallet{salt: salt}(owner));
    }
}

contract Taker {
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(true);
    }
}
